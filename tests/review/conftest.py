"""Hubs with tasks in them, on each database."""

from __future__ import annotations

import pytest

from mdm.compose import Hub
from tests.review.desk import Desk


@pytest.fixture
def desk(hub: Hub) -> Desk:
    """A review desk over an empty hub."""
    return Desk(hub)
