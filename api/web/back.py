"""Back: where a page came from, taken only when it lies in this service."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from api.context import Connection

HOME = "/"
FIELD = "balik"  # of forms and queries
_LONGEST = 512


def safe(path: str | None) -> str:
    """A path of this service; the first page for anything that could lead elsewhere."""
    if not path or len(path) > _LONGEST or not path.isprintable() or "\\" in path:
        return HOME
    parts = urlsplit(path)
    inside = path.startswith("/") and not path.startswith("//")
    return path if inside and not parts.scheme and not parts.netloc else HOME


def here(connection: Connection) -> str:
    """The path and query of a request. Where only a form leads, going there leads to what stands above it
    (`errors.py`)."""
    query = connection.url.query
    return connection.url.path + (f"?{query}" if query else "")


def with_back(path: str, back: str, **more: str) -> str:
    """A path that remembers where to go afterwards."""
    named = {FIELD: back, **more} if back != HOME else more
    query = "&".join(f"{name}={quote(value, safe='/')}" for name, value in named.items())
    return f"{path}?{query}" if query else path
