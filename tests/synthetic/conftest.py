from __future__ import annotations

import pytest

from synthetic.generate import generate
from tests.synthetic.deliveries import Delivery


@pytest.fixture(scope="session")
def country(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    """8,000 people of the default scenario."""
    home = tmp_path_factory.mktemp("country")
    return Delivery(home, generate(home, people=8000, seed=11))


@pytest.fixture(scope="session")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    """3,000 people of the hard scenario."""
    home = tmp_path_factory.mktemp("hard")
    return Delivery(home, generate(home, people=3000, seed=5, scenario="hard"))
