"""Whether the rows that were delivered are still there: the lake's files, held against manifest and log.

The manifest says which files there are and what their bytes digest to, each file says inside its encryption which
one it is, and the log how many rows every batch landed.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session, col, func, select

from mdm.audit.verified import Verified
from mdm.compose import Hub
from mdm.errors import IntegrityError
from mdm.hub.tables import Batch, LakeFileRow
from mdm.lake import LakeFile
from mdm.work.progress import Progress

LANDED = "landed/"


def verify(
    hub: Hub, session: Session, landed: Mapping[str, int], progress: Progress, found: Verified
) -> None:
    """Look at every file of the lake and count the rows of every batch. `landed`: batch → rows, as the log says."""
    files = hub.lake.files()
    with progress.task("verify the lake", len(files)) as advance:
        for file in files:
            _look_at(hub, file, found)
            advance(1)
    owner = col(LakeFileRow.owner)
    rows = select(owner, func.sum(LakeFileRow.rows)).where(
        col(LakeFileRow.dataset).startswith(LANDED)
    )
    held = dict(session.exec(rows.group_by(owner)).all())
    erased = dict(session.exec(select(Batch.id, Batch.erased)).all())
    for batch, said in landed.items():
        there, taken = held.get(batch, 0), erased.get(batch, 0)
        if there + taken != said:
            found.fault(
                "lake",
                f"Batch {batch} landed {said:,} rows, says the log; {there:,} are in the lake, {taken:,} were erased.",
            )


def _look_at(hub: Hub, file: LakeFile, found: Verified) -> None:
    try:
        hub.lake.verify(file)
        hub.lake.columns(file)
    except IntegrityError as error:
        # Where it is not listed any more, another took its place meanwhile.
        if file in hub.lake.files(file.dataset, file.owner):
            found.fault("lake", error.message)
