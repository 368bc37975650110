"""What was delivered is held against manifest and log: what somebody with all rights did to the lake is found."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mdm.audit.verifying import verify
from mdm.compose import Hub
from mdm.lake import LakeFile
from mdm.work.progress import Silent
from tests.audit.tampering import tamper
from tests.run.homes import FirstRun, copy_of


def faults(hub: Hub) -> list[str]:
    return [fault.sentence for fault in verify(hub, Silent()).faults]


def put(hub: Hub, file: LakeFile, path: Path, content: bytes) -> None:
    """Other content in a file's place, and its digest in the manifest."""
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    statement = "UPDATE lake_file SET sha256 = :digest WHERE id = :id"
    tamper(hub, statement, digest=digest, id=file.id)


def test_delivered_rows_that_were_altered_changed_places_or_went_are_missed(
    first: FirstRun, tmp_path: Path
) -> None:
    with copy_of(first.home, tmp_path / "home") as hub:
        assert faults(hub) == []  # and everybody of a real run is found by their own numbers
        one, other, gone = hub.lake.files("landed/kemendagri/biodata_wni") + [
            file
            for dataset in hub.lake.datasets("landed/pemda/")
            for file in hub.lake.files(dataset)
        ]
        paths = [tmp_path / "home" / "lake" / file.path for file in (one, other)]
        before = [path.read_bytes() for path in paths]
        paths[0].write_bytes(before[0][:-9] + b"!" + before[0][-8:])
        assert faults(hub) == [f"Lake file {one.id} is missing or was altered."]
        for file, path, content in zip((one, other), paths, reversed(before), strict=True):
            put(hub, file, path, content)
        listed = "List of files of {}: altered in the database since event "
        found = faults(hub)
        assert {f"Lake file {file.id} is another file in its place." for file in (one, other)} < {
            *found
        }
        assert {listed.format(file.owner) for file in (one, other)} == {
            sentence[: sentence.index("event ") + 6] for sentence in found if "List" in sentence
        }
        for file, path, content in zip((one, other), paths, before, strict=True):
            put(hub, file, path, content)
        tamper(hub, "DELETE FROM lake_file WHERE id = :id", id=gone.id)
        first_told, *rest = faults(hub)
        assert first_told.startswith(listed.format(gone.owner))
        assert rest == [
            f"Batch {gone.owner} landed {gone.rows:,} rows, says the log; 0 are in the lake, 0 were erased.",
        ]
