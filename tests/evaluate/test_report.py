"""The page: whole, self-contained, escaped, without personal data unless people are synthetic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import pytest
from playwright.sync_api import Page

from matching.rules import KINDS, load_linkage
from mdm.report import render, write
from mdm.report.facts import (
    ChosenValue,
    ClusterSize,
    Example,
    Facts,
    LevelWeight,
    Loser,
    RecordLine,
    RuleCount,
    Seconds,
    StageCount,
    Step,
)
from mdm.report.words import word
from mdm.validation.quality import load_quality
from reference.sentences import Sentence
from tests.evaluate.test_evaluation import evaluated
from tests.web.browser import NARROW, browser, chromium


def same(text: str) -> Sentence:
    """What reads alike in both languages."""
    return Sentence(text, text)


EXAMPLE = Example(
    records=(
        RecordLine(
            "kemendagri", same("biodata_wni.csv row 17"), {"name": same("NI PUTU <SRI> & CO")}
        ),
        RecordLine("pemda", same("warga.csv row 41"), {"name": same("Ni Pt. Sri")}),
    ),
    pair=(same("kemendagri biodata_wni.csv row 17"), same("pemda warga.csv row 41")),
    steps=(Step("before looking", "", -12.0), Step("name", "words missing", 7.5)),
    values=(
        ChosenValue(
            attribute="name",
            label=Sentence("Nama lengkap", "Full name"),
            value=same("NI PUTU <SRI> & CO"),
            source=same("kemendagri"),
            date="2024-03-01",
            rule=Sentence(
                "Nama dari Dukcapil didahulukan.", "The civil registry's name comes first."
            ),
            agreeing=2,
            losers=(
                Loser(
                    same("NI PT. SRI"),
                    same("pemda"),
                    "2025-02-01",
                    same("its source is believed less"),
                ),
            ),
        ),
    ),
    identity_status="verified",
)


def facts(*, example: Example | None = None, synthetic: bool = False) -> Facts:
    counts = (("landed", 47_012), ("accepted", 46_950), ("quarantined", 62), ("pairs linked", 0))
    rows = [(i // 3, i // 3 if i % 10 else None, "FM"[i % 2]) for i in range(300)]
    return Facts(
        made=datetime(2026, 11, 21, 20, 30, tzinfo=UTC),
        run="1",
        model="person-20261121",
        synthetic=synthetic,
        stages=tuple(StageCount("person", stage, n) for stage, n in counts),
        findings=(RuleCount("nik malformed", "warning", 12), RuleCount("no name", "quarantine", 3)),
        weights=(
            LevelWeight("person", "name", "same words", 11.2),
            LevelWeight("person", "name", "different", -7.0),
        ),
        seconds=(Seconds("validate", 1.5), Seconds("publish", 3.0)),
        sizes=(ClusterSize("person", 1, 800), ClusterSize("person", 2, 1_500)),
        quality={"person": evaluated(rows, by=["sex"])},
        example=example,
    )


class Elements(HTMLParser):
    """Start tags with their attributes, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def page() -> str:
    return render(facts(example=EXAMPLE, synthetic=True), ["dtsen status"])


def test_the_page_asks_nobody_for_anything(page: str) -> None:
    elements = Elements(page)
    names = {tag for tag, _ in elements.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "form"}
    for _, attributes in elements.tags:
        assert not set(attributes) & {"src", "srcset", "action", "onclick", "onload"}
        assert not (attributes.get("href") or "#").startswith("http")
    assert "@import" not in page
    assert "url(http" not in page


def test_every_figure_and_chart_is_there(page: str) -> None:
    elements = Elements(page)
    drawn = [a["aria-label"] for tag, a in elements.tags if tag == "svg"]
    assert len(drawn) == 2 * 7, "in both languages"
    assert all(drawn)
    for shown in ("47,012", "46,950", "+11.2", "nik malformed", "match weight", "dtsen status"):
        assert shown in elements.text


BOXES = """chart => [...chart.querySelectorAll("text")].filter(text => text.textContent)
    .map(text => text.getBoundingClientRect().toJSON())"""


@pytest.fixture(scope="module")
def seen() -> Iterator[Page]:
    """The page of a home with much to say, in a browser."""
    if chromium() is None:
        pytest.skip("no Chromium on this machine")
    long = Step("name", "words alike (MAULIDA = MAULIDA, NABILA = NABILA, ULFA ~ ULA)", 4.0)
    sizes = [ClusterSize(k, n, 1_079_000) for k in ("person", "household") for n in range(1, 13)]
    full = replace(facts(), synthetic=True, example=replace(EXAMPLE, steps=(long,)))
    with browser() as running:
        page = running.new_page()
        page.set_content(render(replace(full, sizes=tuple(sizes))))
        yield page


def test_a_long_label_is_shortened_at_its_end_not_cut_at_its_beginning(seen: Page) -> None:
    label = seen.get_by_text("name: words alike").first
    frame = seen.locator("svg", has=label).first
    shown, room = label.bounding_box(), frame.bounding_box()
    assert shown is not None
    assert room is not None
    assert shown["x"] >= room["x"]


@pytest.mark.parametrize("language", ["id", "en"])
def test_no_text_of_a_chart_stands_in_anothers_way(seen: Page, language: str) -> None:
    seen.locator(f"label[for={language}]").click()
    for chart in seen.locator(f"div[lang={language}] > svg").all():
        boxes = chart.evaluate(BOXES)
        for one, other in combinations(boxes, 2):
            apart = any(
                one[end] <= other[start] + 1 or other[end] <= one[start] + 1
                for start, end in (("left", "right"), ("top", "bottom"))
            )
            assert apart, chart.get_attribute("aria-label")


def test_on_a_phone_charts_keep_a_size_to_be_read_and_the_page_its_width(seen: Page) -> None:
    before = seen.viewport_size
    assert before is not None
    seen.set_viewport_size(NARROW)
    number = seen.locator("svg").get_by_text("1,079,000").first.bounding_box()
    width = seen.evaluate("document.documentElement.scrollWidth")
    seen.set_viewport_size(before)
    assert number is not None
    assert number["height"] > 8
    assert width == NARROW["width"]


def test_a_false_pair_among_very_many_is_not_rounded_away() -> None:
    found = evaluated([(0, 0, "F"), (0, 0, "F")])
    nearly = replace(found.pairs.precision, value=0.999996)
    quality = {"person": replace(found, pairs=replace(found.pairs, precision=nearly))}
    page = render(replace(facts(), quality=quality))
    assert page.count('<span lang="en">99.99</span>') == 1
    assert page.count('<span lang="en">100.00</span>') > 1  # recall, and ends of intervals


def test_a_chart_says_which_groups_it_leaves_out() -> None:
    """Of fourteen groups of enough pairs two are not drawn."""
    rows = [(i // 7, i // 7, chr(65 + i // 98)) for i in range(14 * 98)]
    drawn = Elements(render(replace(facts(), quality={"person": evaluated(rows, by=["sex"])}))).text
    assert "all but the twelve largest" in drawn
    assert "hanya dua belas yang terbesar" in drawn


def test_both_languages_are_there(page: str) -> None:
    assert "What became of the rows" in page
    assert "Perjalanan baris data" in page
    assert "Nama dari Dukcapil didahulukan." in page  # of the example, too
    for shown in ("47.012", "dikarantina", "NIK cacat bentuk", "bobot padanan", "periksa"):
        assert shown in Elements(page).text


def test_whatever_a_chart_names_has_an_indonesian_name_of_its_own() -> None:
    """Bars of one name would fall together."""
    rules = {rule.name for rule in load_quality().rules}
    comparisons = [one for kind in KINDS for one in load_linkage(kind).comparisons]
    levels = [{level.name for level in one.levels} for one in comparisons]
    for names in ({one.name for one in comparisons}, rules, *levels):
        said = {word(name, "id") for name in names}
        assert len(said) == len(names)
        assert not said & (names - {"meter"}), "English"


def test_what_was_found_behind_a_level_stays() -> None:
    assert word("words alike (ULFA ~ ULA)", "id") == "kata mirip (ULFA ~ ULA)"


def test_values_are_escaped_and_the_page_says_that_nobody_exists(page: str) -> None:
    assert "<SRI>" not in page
    text = Elements(page).text
    assert "NI PUTU <SRI> & CO" in text
    assert "its source is believed less" in text
    assert "Nobody on this page exists" in text


def test_the_page_of_a_real_home_shows_no_cluster_and_no_profile() -> None:
    text = Elements(render(facts())).text
    assert "this page holds no personal data" in text
    assert "golden profile, value by value" not in text
    assert "One cluster, explained" not in text


def test_an_example_of_real_people_is_refused() -> None:
    with pytest.raises(ValueError, match="only for synthetic people"):
        facts(example=EXAMPLE, synthetic=False)


def test_a_home_with_little_to_say_still_has_a_page() -> None:
    bare = replace(facts(), findings=(), weights=(), sizes=(), seconds=(), quality={})
    assert len([tag for tag, _ in Elements(render(bare)).tags if tag == "svg"]) == 2


def test_the_same_facts_give_the_same_page(tmp_path: Path) -> None:
    first = write(tmp_path / "a.html", facts()).read_text("utf-8")
    second = write(tmp_path / "b.html", facts()).read_text("utf-8")
    assert re.sub(r"clip\d+", "", first) == re.sub(r"clip\d+", "", second)
    assert not list(tmp_path.glob("*.new"))
