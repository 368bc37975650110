"""Homes made once and copied: on either database a copy costs a fraction of making one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mdm.compose import Hub
from mdm.homes import create_home, open_home
from mdm.settings import FILE
from tests.postgres import database

Fill = Callable[[Hub], object]


@dataclass(frozen=True)
class Template:
    """A closed home; `server` and `url` say where its database is, if that is not a file in it."""

    home: Path
    server: str | None = None
    url: str | None = None

    @contextmanager
    def copy(self, home: Path) -> Iterator[Hub]:
        """An open home of one's own with the same content, keys included."""
        shutil.copytree(self.home, home)
        if self.server is None:
            with _open(home) as hub:
                yield hub
            return
        with database(self.server, like=self.url) as url:
            document: dict[str, Any] = yaml.safe_load((home / FILE).read_text("utf-8"))
            (home / FILE).write_text(yaml.safe_dump(document | {"database_url": url}), "utf-8")
            with _open(home) as hub:
                yield hub


@contextmanager
def empty_template(home: Path, server: str | None) -> Iterator[Template]:
    """A home with nothing in it, on a server if there is one."""
    if server is None:
        create_home(home).close()
        yield Template(home)
        return
    with database(server) as url:
        create_home(home, database_url=url).close()
        yield Template(home, server, url)


@contextmanager
def filled_template(empty: Template, home: Path, fill: Fill) -> Iterator[Template]:
    """The same, filled by `fill`."""
    with empty.copy(home) as hub:
        fill(hub)
        hub.close()
        yield Template(home, empty.server, hub.settings.database if empty.server else None)


@contextmanager
def _open(home: Path) -> Iterator[Hub]:
    hub = open_home(home)
    try:
        yield hub
    finally:
        hub.close()
