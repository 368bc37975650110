"""What happens to a written name: plain functions of (text, chance), chance uniform in [0, 1).

Short forms are in `data/short_forms.yaml`.
"""

from __future__ import annotations

from functools import cache

from reference.documents import read_yaml
from synthetic.country import DATA

_OLD = (
    ("U", "OE"), ("J", "DJ"), ("C", "TJ"), ("Y", "J"), ("SY", "SJ"), ("KH", "CH"), ("NY", "NJ"),
)  # fmt: skip
_SOUND = (
    ("F", "P"), ("V", "P"), ("Z", "J"), ("SY", "S"), ("DH", "D"), ("TH", "T"), ("Q", "K"),
    ("Y", "I"), ("I", "IE"), ("MM", "M"), ("AH", "A"), ("SH", "S"), ("KH", "H"), ("OO", "O"),
    ("IY", "I"), ("LL", "L"), ("DD", "D"), ("A", "O"), ("TT", "T"), ("D", "DH"), ("RI", "RY"),
    ("N", "NN"), ("EI", "I"), ("P", "F"),
)  # fmt: skip
_TITLES_M = ("H. ", "H. ", "H ", "DRS. ", "IR. ", "KH. ", "USTADZ ", "BPK. ", "R. ")
_TITLES_F = ("HJ. ", "HJ. ", "HJ ", "DRA. ", "IBU ", "NY. ", "RR. ")
_DEGREES = (
    " S.PD",
    ", S.PD",
    " SE",
    " S.E.",
    " S.H.",
    ", SH",
    " S.KOM",
    " A.MD",
    " S.SOS",
    " S.PD.I",
    " M.M",
    " ST",
)
_NICKNAMES = {
    "HERMAWAN": "WAWAN", "SETIAWAN": "WAWAN", "ASEP": "AA", "MUHAMMAD": "MAMAT",
    "SUTRISNO": "TRIS", "NURHAYATI": "NUNUNG", "SITI": "ITI", "KURNIAWAN": "WAWAN",
    "RAHMAT": "MAMAT", "BAMBANG": "BENG",
}  # fmt: skip
_BIRTH_ORDER = frozenset(
    {"WAYAN", "PUTU", "GEDE", "LUH", "MADE", "KADEK", "NENGAH", "NYOMAN", "KOMANG", "KETUT"}
)
_KEEP = frozenset({"I", "NI"})
_FIELDS = (60, 40, 30)  # characters of a name that older forms had room for
_NEIGHBOURS = {
    "A": "SQ", "B": "VN", "C": "XV", "D": "SF", "E": "WR", "F": "DG", "G": "FH", "H": "GJ",
    "I": "UO", "J": "HK", "K": "JL", "L": "K", "M": "N", "N": "BM", "O": "IP", "P": "O", "Q": "W",
    "R": "ET", "S": "AD", "T": "RY", "U": "YI", "V": "CB", "W": "QE", "X": "ZC", "Y": "TU",
    "Z": "X",
}  # fmt: skip


@cache
def short_forms() -> dict[str, tuple[str, ...]]:
    """Short and variant forms by token, or by two tokens that go together."""
    text = (DATA / "short_forms.yaml").read_text(encoding="utf-8")
    return {str(token): tuple(forms) for token, forms in read_yaml(text).items()}


def _rotate(chance: float, size: int) -> int:
    return int(chance * 7919) % size


def respell(name: str, chance: float) -> str:
    """Old spelling (half of the time) or spelling by sound, at one place."""
    rules = _OLD if chance < 0.45 else _SOUND
    start = _rotate(chance, len(rules))
    for k in range(len(rules)):
        old, new = rules[(start + k) % len(rules)]
        at = name.find(old, 1 if old == "A" else 0)
        if at >= 0 and name not in _KEEP:
            return name[:at] + new + name[at + len(old) :]
    return name


def abbreviate(name: str, chance: float) -> str:
    """A known token becomes one of its short forms; else a later word becomes an initial."""
    words = name.split(" ")
    pair = short_forms().get(" ".join(words[:2]))
    if pair:
        return " ".join([pair[_rotate(chance, len(pair))], *words[2:]])
    for i, word in enumerate(words):
        forms = short_forms().get(word)
        if forms:
            words[i] = forms[_rotate(chance, len(forms))]
            return " ".join(words)
    if len(words) > 1 and words[-1] not in _BIRTH_ORDER:
        words[-1] = words[-1][0] + ("." if chance < 0.5 else "")
    return " ".join(words)


def shorten(name: str, chance: float) -> str:
    """A name of several words loses its last or first one; never all but I or NI."""
    words = name.split(" ")
    kept = words[:-1] if chance < 0.7 or len(words) > 3 else words[1:]
    return words[-1] if set(kept) <= _KEEP else " ".join(kept)


def with_title(name: str, female: bool, chance: float) -> str:
    """A title before, a degree after, or both."""
    titles = _TITLES_F if female else _TITLES_M
    before = titles[_rotate(chance, len(titles))] if chance < 0.6 else ""
    after = _DEGREES[_rotate(chance, len(_DEGREES))] if chance > 0.55 else ""
    return before + name + after


def nickname(name: str, chance: float) -> str:
    """What the neighbours call somebody."""
    words = [w for w in name.split(" ") if w not in _KEEP] or name.split(" ")[-1:]
    for word in words:
        if word in _NICKNAMES:
            return _NICKNAMES[word]
    word = max(words, key=len)
    if len(word) < 5:
        return word
    return (
        word[-4:]
        if chance < 0.3
        else word[:4]
        if chance < 0.6
        else word[-5:]
        if chance < 0.8
        else word
    )


def restructure(name: str, chance: float) -> str:
    """Words fused, split, reordered or truncated: a long name where the field ended."""
    words = name.split(" ")
    if any(w in _BIRTH_ORDER for w in words) and chance < 0.75:
        return _balinese(words, chance / 0.75)
    if chance < 0.3:
        at = _rotate(chance, len(words) - 1)
        return " ".join([*words[:at], words[at] + words[at + 1], *words[at + 2 :]])
    if chance < 0.55:
        return " ".join(words[1:] + words[:1]) if chance < 0.42 else " ".join(reversed(words))
    if chance < 0.65 and len(words[-1]) >= 8:
        half = len(words[-1]) // 2
        return " ".join([*words[:-1], words[-1][:half], words[-1][half:]])
    if chance < 0.8 and len(words) > 2:
        return " ".join([words[0], *words[2:]])
    field = next((size for size in _FIELDS if len(name) > size), None)
    return name[: field or max(len(name) - 2 - _rotate(chance, 6), len(words[0]) + 1)].strip()


def _balinese(words: list[str], chance: float) -> str:
    order = next(i for i, w in enumerate(words) if w in _BIRTH_ORDER)
    rest = [*words[:order], *words[order + 1 :]]
    if chance < 0.35:
        return " ".join([*rest, words[order]])
    if chance < 0.65:
        return " ".join(rest)
    if chance < 0.85 and words[0] in _KEEP:
        return " ".join(words[1:])
    return "".join(words[:2]) + (" " + " ".join(words[2:]) if len(words) > 2 else "")


def keys_slip(name: str, chance: float) -> str:
    """One wrong key, never the first letter of the name nor a blank."""
    places = [i for i in range(1, len(name)) if name[i] != " " and name[i - 1] != " "]
    if len(name) < 3 or not places:
        return name
    at = places[_rotate(chance, len(places))]
    if chance < 0.3:
        return name[:at] + name[at + 1 :]
    if chance < 0.5:
        return name[:at] + name[at] + name[at:]
    if chance < 0.75:
        return name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :]
    near = _NEIGHBOURS.get(name[at], "N")
    return name[:at] + near[_rotate(chance, len(near))] + name[at + 1 :]
