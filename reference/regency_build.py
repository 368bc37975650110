"""Names a birth place may have for a regency, for `reference.region_build`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from reference.files import read_rows
from reference.places import name_key

# Letters of today and how they were written before 1972; U was OE before 1947.
_REFORM = (("NY", "NJ"), ("SY", "SJ"), ("J", "DJ"), ("C", "TJ"), ("Y", "J"), ("KH", "CH"))
_MARKS = "123456"
MOST_DISTRICTS = 6  # a district name in more regencies than this tells nothing


def old_spellings(key: str) -> set[str]:
    """How a place's key was written before the spelling reforms of 1972 and of 1947."""
    text = key
    for mark, (new, _) in zip(_MARKS, _REFORM, strict=True):
        text = text.replace(new, mark)
    for mark, (_, old) in zip(_MARKS, _REFORM, strict=True):
        text = text.replace(mark, old)
    return {text, text.replace("U", "OE")} - {key}


def regency_names(
    keys: Mapping[str, Sequence[str]], today: Mapping[str, str]
) -> Iterator[list[str]]:
    """Rows (name_key, regency_today, kind) out of each Kemendagri code's name keys and place of
    today.

    A name may mean several regencies. `kind`: regency (a name of any edition or of BPS), old (an
    old name or spelling, a capital, a short form), district (the name of a district that only one
    regency has and that is no regency's name), districts (the same in two to six regencies).
    """
    names = _official(keys, today)
    old = defaultdict(set, _respelled(names))
    for name, regency in _listed(today):
        if regency not in names.get(name, ()):
            old[name].add(regency)
    districts = _districts(keys, today)
    for key in sorted({*names, *old, *districts}):
        found = dict.fromkeys(names.get(key, ()), "regency")
        found |= {regency: "old" for regency in old.get(key, ()) if regency not in found}
        if not found and len(districts[key]) <= MOST_DISTRICTS:
            kind = "district" if len(districts[key]) == 1 else "districts"
            found = dict.fromkeys(districts[key], kind)
        for regency, kind in sorted(found.items()):
            yield [key, regency, kind]


def _official(keys: Mapping[str, Sequence[str]], today: Mapping[str, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for code in today:
        if len(code) == 4:
            for key in keys[code]:
                found[key].add(today[code])
    for row in read_rows("regions/bps_kemendagri_kabkota_bridge.csv"):
        found[name_key(row["nama_bps"])].add(row["kode_kemendagri_2025"].replace(".", ""))
    return dict(found)


def _respelled(names: Mapping[str, set[str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for key, regencies in names.items():
        for old in old_spellings(key) - set(names):
            found[old] |= regencies
    return found


def _listed(today: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names of the hand-made list; a province's code stands for all of its regencies."""
    regencies = [code for code, place in today.items() if len(code) == 4 and code == place]
    for row in read_rows("regions/regency_old_names.csv"):
        for code in row["regency_today"].split():
            yield from (
                (name_key(row["name"]), regency)
                for regency in regencies
                if regency.startswith(code)
            )


def _districts(keys: Mapping[str, Sequence[str]], today: Mapping[str, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for code in today:
        if len(code) == 6:
            for key in keys[code]:
                found[key].add(today[code][:4])
    return found
