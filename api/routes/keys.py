"""Keys: which versions there are, and a new one. What takes long is done on the hub's own machine."""

from __future__ import annotations

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from api.actions import declares
from api.schemas.keys import KeyQuestion, KeyVersion, KeyVersions, Rotated
from mdm import rotation
from mdm.access import Principal
from mdm.compose import Hub

_BODY = 4 << 10


@declares("key.list")
@get("/", summary="Versions of keys", sync_to_thread=True)
def versions(hub: NamedDependency[Hub]) -> KeyVersions:
    """Every version of every key, its state, and how much still needs it. Nothing secret."""
    return KeyVersions([_view(line) for line in rotation.key_lines(hub)])


@declares("key.rotate")
@post(
    "/rotate",
    status_code=200,
    summary="Rotate a key",
    request_max_body_size=_BODY,
    sync_to_thread=True,
)
def rotate(
    data: JSONBody[KeyQuestion], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Rotated:
    """Make a new version of a key. What was sealed before still opens; readers and writers go on."""
    version = rotation.rotate(hub, data.purpose, actor=principal.id)
    work = "refile" if data.purpose == "identifier" else f"rewrap {data.purpose}"
    return Rotated(data.purpose, version, f"dtsen keys {work}")


def _view(line: rotation.KeyLine) -> KeyVersion:
    since = line.created.isoformat() if line.created else None
    return KeyVersion(line.purpose, line.version, line.state, since, line.needed)


router = Router("/v1/keys", route_handlers=[versions, rotate], tags=["keys"])
