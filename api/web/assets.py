"""Assets: the sheet, the script and the mark, served under the hash of their content for ever."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from api.actions import declares

HERE = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"
_MEDIA = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Asset:
    """One file, as it stands and packed."""

    media: str
    digest: str
    plain: bytes
    packed: bytes


@cache
def assets() -> Mapping[str, Asset]:
    """File name → asset, of all files of the folder."""
    return {path.name: _read(path) for path in sorted(HERE.iterdir()) if path.suffix in _MEDIA}


def address(name: str) -> str:
    """Where a page finds an asset. KeyError for one that does not exist."""
    return f"/aset/{assets()[name].digest}/{name}"


@declares("page.open")
@get("/aset/{digest:str}/{name:str}", sync_to_thread=False, include_in_schema=False)
def asset(
    request: Request[Any, Any, Any], digest: FromPath[str], name: FromPath[str]
) -> Response[bytes]:
    """One asset; kept by the browser when the address names this very content."""
    found = assets().get(name)
    if found is None:
        raise NotFoundException
    etag = f'"{found.digest}"'
    headers = {
        "ETag": etag,
        "Cache-Control": FOR_EVER if digest == found.digest else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == etag:
        return Response(b"", status_code=304, headers=headers, media_type=found.media)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(found.packed, headers=headers, media_type=found.media)
    return Response(found.plain, headers=headers, media_type=found.media)


def _read(path: Path) -> Asset:
    plain = path.read_bytes()
    digest = hashlib.sha256(plain).hexdigest()[:16]
    return Asset(_MEDIA[path.suffix], digest, plain, gzip.compress(plain, mtime=0))
