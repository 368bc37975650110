"""The workbench on a real server with real identification, and a real browser in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from mdm.compose import Hub
from tests.api.serving import Served, served
from tests.api.world import fill
from tests.web.browser import browser, chromium, window
from tests.web.people import ROLES, Member, one_of

Open = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest) -> str:
    """Each module's is one: what pages ask and do is tried on both elsewhere, and a page looks the same over either."""
    return str(getattr(request.module, "DATABASE", "sqlite"))


@pytest.fixture(scope="module")
def workbench(shared_hub: Hub) -> Iterator[Served]:
    """The small published hub of tests/api/world.py, served; shared by the tests of a module."""
    with served(fill(shared_hub), real_identity=True) as running:
        yield running


@pytest.fixture(scope="module")
def members(workbench: Served) -> dict[str, Member]:
    """One account per role, each with a session."""
    return {role: one_of(workbench.hub, role) for role in ROLES}


@pytest.fixture(scope="package")
def chrome() -> Iterator[Browser]:
    """The machine's Chromium; a test that needs it is skipped where there is none.

    It ends with this room: while it is there, nothing else can run an event loop in this thread.
    """
    if chromium() is None:
        pytest.skip("no Chromium on this machine")
    with browser() as running:
        yield running


@pytest.fixture
def open_(chrome: Browser, workbench: Served) -> Open:
    """A window of the workbench: `with open_(member, narrow=True) as page`."""

    def opened(member: Member | None = None, **more: Any) -> AbstractContextManager[Page]:
        return window(chrome, workbench.url, member, **more)

    return opened
