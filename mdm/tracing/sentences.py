"""What a time line says: one sentence per thing that can happen to an entity, in both languages."""

from __future__ import annotations

import re

from mdm import judgements
from mdm.review.document import load_rules
from reference.sentences import Sentence

_SENTENCES: dict[str, tuple[str, str]] = {
    "create": (
        "Entitas dibentuk dari {records} catatan sumber.",
        "The entity was made of {records} source records.",
    ),
    "keep": (
        "Catatan yang tertaut berubah; sejak itu {records}.",
        "The linked records changed; {records} since then.",
    ),
    "merge": (
        "Entitas digabung ke entitas lain: {records} catatan berpindah{sources}.",
        "The entity was merged into another: {records} records moved{sources}.",
    ),
    "merge of another": (
        "Entitas lain digabung ke sini: {records} catatan datang{sources}.",
        "Another entity was merged into this one: {records} records came{sources}.",
    ),
    "split": (
        "Sebagian catatan dipisahkan menjadi entitas lain: {records} pergi{sources}.",
        "Some records were split off as another entity: {records} left{sources}.",
    ),
    "split of another": (
        "Entitas dipisahkan dari entitas lain: {records} catatan datang{sources}.",
        "The entity was split from another: {records} records came{sources}.",
    ),
    "link": (
        "Peninjau memutuskan: catatan {left} dan {right} satu entitas. Alasan: {reason}",
        "A steward judged records {left} and {right} to be one entity. Reason: {reason}",
    ),
    "non-link": (
        "Peninjau memutuskan: catatan {left} dan {right} bukan satu entitas. Alasan: {reason}",
        "A steward judged records {left} and {right} not to be one entity. Reason: {reason}",
    ),
    "review": (
        "Peninjau menarik kembali putusan atas catatan {left} dan {right}. Alasan: {reason}",
        "A steward took back the judgement on records {left} and {right}. Reason: {reason}",
    ),
    "version": (
        "Profil versi {version} disegel: {changes}.",
        "Version {version} of the profile was sealed: {changes}.",
    ),
    "restrict": (
        "Pemrosesan dibatasi (pasal 41 UU 27/2022).",
        "Processing was restricted (UU 27/2022, article 41).",
    ),
    "lift": ("Pembatasan pemrosesan dicabut.", "The restriction of processing was lifted."),
    "erase": (
        "Profil dihapus untuk selamanya: kuncinya dimusnahkan.",
        "The profile was erased for ever: its key was destroyed.",
    ),
    "blank": (
        "Yang hanya dikatakan catatan orang yang dihapus dikeluarkan dari versi-versi profil ini.",
        "What only records of somebody erased had told left the versions of this profile.",
    ),
    "correct": (
        "Usulan perbaikan nomor {number} {act} ({attributes}).",
        "Proposal {number} was {act} ({attributes}).",
    ),
    "retract": (
        "Usulan nomor {number}, yang membatalkan usulan lain, {act} ({attributes}).",
        "Proposal {number}, which takes another back, was {act} ({attributes}).",
    ),
}

#: What became of a correction, by the act of its chain.
ACTS = {
    "propose": Sentence("diusulkan", "proposed"),
    "verify": Sentence("diperiksa dan diteruskan", "verified and passed on"),
    "endorse": Sentence("disahkan kepala dinas", "endorsed by the head of office"),
    "approve": Sentence("disetujui", "approved"),
    "send-back": Sentence("dikembalikan", "sent back"),
    "withdraw": Sentence("ditarik kembali", "withdrawn"),
    "revoke": Sentence("dibatalkan", "taken back"),
}
#: Why a judgement was written, where no reviewer gave the reason.
UNDO = Sentence("jawabannya diurungkan", "the answer was undone")
RENAMED = Sentence(
    "catatannya kini memakai nomor lain; sudah dinilai demikian sebelumnya",
    "the record goes by another number now; judged so before",
)
PROPOSED = re.compile(r"correction (\d+)\Z")
WHOLE = Sentence("seluruh profil", "the whole profile")
OUTSIDE = Sentence("di entitas lain", "of another entity")
FIRST = Sentence("yang pertama", "the first one")
NOTHING = Sentence("hanya tautan atau dasarnya yang berubah", "only links or grounds changed")
GONE = Sentence("isinya sudah dihapus", "its content has been erased")


def sentence(what: str, **words: Sentence | str | int | None) -> Sentence:
    """The sentence for something that happened; a word in both languages goes to either."""
    said_id, said_en = _SENTENCES[what]
    in_id = {name: word.id if isinstance(word, Sentence) else word for name, word in words.items()}
    in_en = {name: word.en if isinstance(word, Sentence) else word for name, word in words.items()}
    return Sentence(said_id.format_map(in_id), said_en.format_map(in_en))


def why(reason: str) -> Sentence:
    """Why somebody judged, from the code that the judgement keeps."""
    if found := PROPOSED.match(reason):
        return Sentence(f"usulan perbaikan nomor {found[1]}", f"proposal {found[1]}")
    if reason == judgements.UNDO:
        return UNDO
    if reason == judgements.RENAMED:
        return RENAMED
    return load_rules().reasons.get(reason) or Sentence(reason, reason)


def act_of(act: str) -> Sentence:
    """What an act of a correction's chain did to it."""
    return ACTS.get(act, Sentence(act, act))


def listed(words: list[Sentence]) -> Sentence:
    """Some words in one line."""
    return Sentence(", ".join(one.id for one in words), ", ".join(one.en for one in words))
