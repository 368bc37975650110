"""A hub that tests put figures in, and take them out again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mdm.compose import Hub
from mdm.homes import create_home


@pytest.fixture(scope="module")
def hub_of_figures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """An empty hub, shared by a module."""
    home: Path = tmp_path_factory.mktemp("figures") / "home"
    hub = create_home(home)
    yield hub
    hub.close()
