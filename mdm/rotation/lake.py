"""After a rotation of the lake key: files under an older version are written anew.

A lake file carries its own key, wrapped, in its footer, and never changes. So the rows go into a
new file with a new key, which takes the old one's place in the manifest; then the old file is
deleted. Nothing is left that the old key version opens.
"""

from __future__ import annotations

from mdm import audit
from mdm.audit import changes, vouched
from mdm.compose import Hub
from mdm.lake import LakeFile
from mdm.work.progress import Progress, Silent


def files_of(hub: Hub, version: int) -> list[LakeFile]:
    """The files whose key is wrapped under a version of the lake domain key."""
    return [file for file in hub.lake.files() if hub.lake.key_version(file) == version]


def rewrite_lake(hub: Hub, *, actor: str, progress: Progress | None = None) -> int:
    """Write every file under an older version anew, one in a unit of work; return how many.

    Call it under the work lock. Killed and called again, it goes on with the files that are left.
    """
    active = hub.keys.domain("lake").version
    old = [file for file in hub.lake.files() if hub.lake.key_version(file) != active]
    total = sum(file.rows for file in old)
    with (progress or Silent()).task("write lake files anew", total) as advance:
        for file in old:
            fresh = hub.lake.rewrite(file)
            with hub.sessions.begin() as session:
                changes.note(session, vouched.FILES, file.owner)
                hub.lake.swap(session, file, fresh)
            hub.lake.remove([file])
            advance(file.rows)
    with hub.sessions.begin() as session:
        audit.record(session, actor, "rewrap", kind="lake", key_version=active, rows=len(old))
    return len(old)
