"""The demonstration: a home of its own, a page with a cluster and a profile, nothing done twice."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.conftest import Call, World, document


def test_a_home_with_other_deliveries_is_refused(world: World, dtsen_here: Call) -> None:
    answer = dtsen_here("--home", world.home, "demo", "--people", "300")
    assert answer.code == 2
    assert "other files" in answer.err
    assert not (world.home / "delivery").exists()


def test_the_demonstration_takes_up_what_stands_and_ends_with_a_page(
    world: World, dtsen_here: Call, tmp_path: Path
) -> None:
    home = tmp_path / "demo"
    shutil.copytree(world.home, home)
    shutil.copytree(world.delivery, home / "delivery")
    shown = document(dtsen_here("--home", home, "demo", "--json"))
    assert set(shown["quality"]) == {"person", "family", "household"}
    assert shown["quality"]["person"]["pairs"]["f1"]["value"] > 0.9
    page = Path(shown["report"]).read_text("utf-8")
    for part in ("One cluster, explained", "value by value", "Nobody on this page exists"):
        assert part in page
    look = next(command for command in shown["next"] if "profile" in command)
    nik = look.split()[1]
    assert dtsen_here("--home", home, "profile", stdin=nik).code == 0
