"""Evidence: files that support a proposal, sealed with the proposal's key before they touch the disk."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

import msgspec
from sqlmodel import Session, col, select

from mdm.compose import Hub
from mdm.corrections.document import CorrectionRules
from mdm.corrections.terms import Check, File
from mdm.hub.tables import CorrectionEvidence
from mdm.seal.files import SealedFile

FOLDER = "evidence"
_MAGIC = {
    "application/pdf": b"%PDF-",
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
}


def check(rules: CorrectionRules, kind: str, files: Sequence[File], held: int = 0) -> list[Check]:
    """What is wrong with the files of a proposal; `held`: how many it has already."""
    limits = rules.evidence
    found = []
    if held + len(files) < rules.kinds[kind].evidence:
        found.append(Check("evidence", "evidence-missing", rules.checks["evidence-missing"].level))
    if any(_type_of(file, limits.types) is None for file in files):
        found.append(Check("evidence", "evidence-type", rules.checks["evidence-type"].level))
    sizes = [len(file.content) for file in files]
    if held + len(files) > limits.most or any(not 0 < size <= limits.largest for size in sizes):
        found.append(Check("evidence", "evidence-size", rules.checks["evidence-size"].level))
    return found


def keep(hub: Hub, session: Session, correction: str, key: bytes, files: Sequence[File]) -> None:
    """Write the files, sealed, and their rows. What a failed unit of work leaves behind opens for nobody."""
    for file in files:
        identity = secrets.token_hex(16)
        named = msgspec.json.encode({"name": file.name})
        box = _box(hub, correction, identity, key)
        box.append(1, file.content, box.append(0, named, 0))
        session.add(
            CorrectionEvidence(
                id=identity,
                correction=correction,
                media_type=file.media_type,
                size=len(file.content),
            )
        )


def of(session: Session, correction: str) -> list[CorrectionEvidence]:
    """The evidence of a proposal, in the order it was added."""
    query = select(CorrectionEvidence).where(CorrectionEvidence.correction == correction)
    order = (col(CorrectionEvidence.added), col(CorrectionEvidence.id))
    return list(session.exec(query.order_by(*order)).all())


def read(hub: Hub, row: CorrectionEvidence, key: bytes) -> File:
    """A file of evidence again. IntegrityError when it is gone or altered."""
    named, content = _box(hub, row.correction, row.id, key).parts()
    name = str(msgspec.json.decode(named)["name"])
    return File(name, row.media_type, content)


def remove(hub: Hub, row: CorrectionEvidence) -> None:
    """Delete a file."""
    (_folder(hub) / row.id).unlink(missing_ok=True)


def _type_of(file: File, types: Sequence[str]) -> str | None:
    """The type a file says and shows; None for another, or one that says what it is not."""
    magic = _MAGIC.get(file.media_type)
    fits = file.media_type in types and magic is not None and file.content.startswith(magic)
    return file.media_type if fits or not file.content else None


def _box(hub: Hub, correction: str, identity: str, key: bytes) -> SealedFile:
    return SealedFile(_folder(hub) / identity, correction, identity, 0, key)


def _folder(hub: Hub) -> Path:
    folder = hub.settings.home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
