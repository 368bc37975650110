"""Fixtures that every test folder may use: a home, a hub on each database, a real PostgreSQL."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from mdm.compose import Hub
from tests import quick
from tests.postgres import database as database_on
from tests.postgres import running
from tests.run.homes import FirstRun, first_run
from tests.templates import Fill, Template, empty_template, filled_template

#: Rooms and files that take longest: begun first, so that no worker is left alone with one at the end.
LONGEST = (
    "run/test_crash.py",
    "quality/",
    "web/",
    "run/",
    "api/test_description.py",
    "touched/",
    "corrections/",
)
HERE = Path(__file__).parent

# How long an example takes says nothing on a machine that others use. Examples are the same every time, so that a
# change fails by itself only; `pytest --hypothesis-profile=explore` looks for new ones.
_PATIENT: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("dtsen", derandomize=True, **_PATIENT)
settings.register_profile("explore", **_PATIENT)
settings.load_profile("dtsen")


def pytest_configure(config: pytest.Config) -> None:
    """Before the first temporary directory is made."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        # As a shell leaves what it puts into the background: then nobody that a test starts would hear Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    quick.temporary_files_in_memory(config)
    quick.no_search_for_waste()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; the rest as they come."""

    def turn(item: pytest.Item) -> int:
        if not item.path.is_relative_to(HERE):
            return len(LONGEST)
        place = item.path.relative_to(HERE).as_posix()
        found = (n for n, start in enumerate(LONGEST) if place.startswith(start))
        return next(found, len(LONGEST))

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """Before the first test."""
    quick.search_for_new_waste()


def pytest_unconfigure() -> None:
    """After the last test."""
    quick.let_go_of_everything()


@pytest.fixture(scope="session", autouse=True)
def _quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        quick.light_passwords(patch)
        quick.remembered_certificates(patch)
        quick.remembered_levels(patch)
        quick.remembered_tables(patch)
        quick.one_core_each(patch)
        yield


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where a home may be made: a directory that does not exist yet."""
    return tmp_path / "home"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """One PostgreSQL server per test process; its URL without a database."""
    with running() as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Each database in turn, for whatever takes one of the fixtures below."""
    return str(request.param)


@pytest.fixture
def hub_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database: once in a file, once on a PostgreSQL server."""
    if database == "sqlite":
        yield f"sqlite:///{tmp_path / 'hub.db'}"
        return
    with database_on(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all test processes share; for `once`."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def first(common: Path) -> FirstRun:
    """A home after its first run, made once for all test processes; to be copied."""
    return first_run(common / "first-run")


@pytest.fixture(scope="session")
def empty_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """A home with nothing in it, to be copied."""
    with empty_template(tmp_path_factory.mktemp("empty") / "home", None) as template:
        yield template


@pytest.fixture(scope="session")
def empty_on_postgresql(
    tmp_path_factory: pytest.TempPathFactory, postgres: str
) -> Iterator[Template]:
    """The same on the server."""
    with empty_template(tmp_path_factory.mktemp("empty") / "home", postgres) as template:
        yield template


@pytest.fixture(scope="module")
def empty(database: str, request: pytest.FixtureRequest) -> Template:
    """A home with nothing in it, to be copied, on each database."""
    template: Template = request.getfixturevalue(f"empty_on_{database}")
    return template


@pytest.fixture(scope="module")
def filled(
    empty: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Fill], Template]]:
    """Fills a home once for a module, on each database, so that every test may have a copy."""
    with ExitStack() as kept:

        def fill_once(fill: Fill) -> Template:
            home = tmp_path_factory.mktemp("filled") / "home"
            return kept.enter_context(filled_template(empty, home, fill))

        yield fill_once


@pytest.fixture(scope="module")
def shared_hub(empty: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """An open hub for all tests of a module, on each database."""
    with empty.copy(tmp_path_factory.mktemp("shared") / "home") as hub:
        yield hub


@pytest.fixture
def hub(home: Path, empty: Template) -> Iterator[Hub]:
    """An open hub with nothing in it, on each database."""
    with empty.copy(home) as hub:
        yield hub
