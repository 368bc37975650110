"""The report as one self-contained page that a person can read, in Indonesian or English."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mdm.audit.called import act_called, purpose_called
from mdm.saying import label, said
from mdm.subjects import SubjectReport
from mdm.templates import templates_in
from mdm.tracing.facts import Record, Trace
from mdm.tracing.reasons import reason_words
from mdm.tracing.sentences import why
from reference.sentences import Language, Sentence

WORDS: dict[str, tuple[str, str]] = {
    "title": ("Laporan data pribadi", "Report on personal data"),
    "law": (
        "Dibuat atas permintaan subjek data (UU 27/2022, pasal 7 dan 32).",
        "Made on request of the data subject (UU 27/2022, articles 7 and 32).",
    ),
    "made": ("Dibuat", "Made"),
    "person": ("Orang", "Person"),
    "family": ("Keluarga (KK)", "Family (KK)"),
    "household": ("Rumah tangga", "Household"),
    "what": ("Data yang disimpan", "What is held"),
    "attribute": ("Data", "Item"),
    "value": ("Nilai", "Value"),
    "source": ("Sumber", "Source"),
    "why": ("Mengapa nilai ini", "Why this value"),
    "lost": ("Tidak dipakai", "Not used"),
    "records": ("Catatan sumber", "Source records"),
    "row": ("baris", "row"),
    "delivered": ("diserahkan", "delivered"),
    "decisions": ("Keputusan atas catatan", "Decisions about the records"),
    "link": ("catatan yang sama", "the same"),
    "non-link": ("catatan yang berbeda", "different"),
    "review": ("masih diperiksa", "under review"),
    "by": ("oleh", "by"),
    "machine": ("perhitungan", "computation"),
    "bits": ("bit bukti", "bits of evidence"),
    "readings": ("Siapa yang membaca atau menanyakan", "Who read or asked"),
    "at": ("Waktu", "Time"),
    "who": ("Siapa", "Who"),
    "act": ("Tindakan", "Act"),
    "purpose": ("Tujuan", "Purpose"),
    "case": ("Kasus", "Case"),
    "fields": ("Data yang diperlihatkan", "Items shown"),
    "nobody": ("Belum ada.", "None yet."),
    "versions": ("Riwayat versi", "Versions"),
    "restrictions": ("Pembatasan pemrosesan", "Restrictions of processing"),
    "until": ("sampai", "until"),
    "rights": (
        "Anda berhak meminta perbaikan (pasal 6 dan 30), pembatasan (pasal 11 dan 41) dan "
        "penghapusan (pasal 8, 43 dan 44).",
        "You may ask for correction (articles 6 and 30), restriction (articles 11 and 41) and "
        "erasure (articles 8, 43 and 44).",
    ),
}


def words_in(language: Language) -> dict[str, str]:
    """The report's own words in a language."""
    at = ("id", "en").index(language)
    return {name: both[at] for name, both in WORDS.items()}


def render(report: SubjectReport, language: Language = "id") -> str:
    """The page as HTML text."""

    def shown(kind: str, attribute: str, value: Any) -> str:
        return said(kind, attribute, value, language)

    return (
        templates_in(Path(__file__).parent)
        .get_template("page.html")
        .render(
            report=report,
            language=language,
            word=words_in(language),
            act=act_called,
            purpose=purpose_called,
            sentence=lambda told: told.in_language(language),
            shown=shown,
            place=_place,
            names=lambda kind, names: ", ".join(label(kind, name, language) for name in names),
            decisions=_decisions,
        )
    )


def _place(record: Record) -> str:
    """Where a record stands: source, file, row, date."""
    parts = [record.source, record.file, f"#{record.row}" if record.row else None, record.date]
    return " · ".join(part for part in parts if part)


_Decision = tuple[int, int, str, str | None, float | None, Sentence]


def _decisions(trace: Trace) -> list[_Decision]:
    """Judgements on two records of the profile: places, word, who (None: the machine), weight, why."""
    by_people: list[_Decision] = [
        (one.left, one.right, one.judgement, one.actor, None, why(one.reason))
        for one in trace.judgements
        if one.left is not None and one.right is not None
    ]
    by_machine: list[_Decision] = [
        (
            pair.left,
            pair.right,
            pair.judgement,
            None,
            pair.match_weight,
            reason_words(pair.reason, pair.judgement),
        )
        for pair in trace.pairs
        if pair.left is not None and pair.right is not None and pair.reason != "human"
    ]
    return by_people + by_machine
