"""What the documents say of settings, handover records, contracts and programme documents is all there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from pydantic import AliasChoices, BaseModel

from api.problems import OF_HUB
from api.routes import ROUTERS
from api.routes.jobs import BODY_BYTES as JOB_BYTES
from api.web.officer.proposing import FORM_BYTES
from mdm import exchanges, jobs
from mdm.access.document import load_rules
from mdm.access.terms import Limits
from mdm.contracts import Contract
from mdm.contracts.accepted import COLUMNS, KINDS
from mdm.contracts.layouts import FileForm, Layout, Minimum, OfficeRule, RecordKey
from mdm.contracts.readings import AnyReading
from mdm.eligibility import doubts
from mdm.eligibility.documents import (
    AlsoSaid,
    Amount,
    Component,
    Components,
    Note,
    Number,
    Programme,
    Rule,
    parse_programme,
)
from mdm.eligibility.library import BUILT_IN, SHOWN, read
from mdm.landing.handover import Handover
from mdm.settings import Settings
from mdm.settings.access import AccessSettings, GroupRole, OidcSettings

ROOT = Path(__file__).parents[2]
READINGS = get_args(get_args(AnyReading)[0])


@cache
def text(document: str) -> str:
    return (ROOT / document).read_text("utf-8")


def keys(model: type[BaseModel]) -> Iterator[object]:
    """What a writer of such a document may write, by every name that is taken."""
    for name, one in model.model_fields.items():
        if not one.exclude:
            alias = one.validation_alias or name
            yield from alias.choices if isinstance(alias, AliasChoices) else (alias,)


@pytest.mark.parametrize(
    ("document", "models"),
    [
        ("docs/service.md", (Settings, AccessSettings, OidcSettings, GroupRole)),
        ("docs/files.md", (Handover, Contract, FileForm, Layout, RecordKey, OfficeRule, Minimum)),
        ("docs/files.md", READINGS),
        (
            "docs/eligibility.md",
            (Programme, Number, AlsoSaid, Rule, Components, Component, Amount, Note),
        ),
    ],
)
def test_every_key_of_a_document_is_told(
    document: str, models: tuple[type[BaseModel], ...]
) -> None:
    written = {key for model in models for key in keys(model)}
    told = set(re.findall(r"(?:^|[`{ ])(\w+)(?=[`:])", text(document), re.MULTILINE))
    assert not written - told


def test_every_reading_is_told() -> None:
    names = {name for one in READINGS for name in get_args(one.model_fields["parser"].annotation)}
    assert not {name for name in names if f"`{name}`" not in text("docs/files.md")}


def test_the_programme_document_described_is_taken() -> None:
    (example,) = re.findall(r"```yaml\n(programme:.*?)```", text("docs/eligibility.md"), re.DOTALL)
    assert parse_programme(example, "example").programme == "SEMBAKO"


def test_answers_shown_name_the_rules_in_force() -> None:
    texts = {path.name: path.read_text("utf-8") for path in BUILT_IN.glob("*.yaml")}
    shown = read(texts | {doubts.NAME: doubts.DOCUMENT.read_text("utf-8")}).digest[:SHOWN]
    for document in ("README.md", "docs/eligibility.md", "api/schemas/eligibility.py"):
        assert set(re.findall(r"\b[0-9a-f]{16}\b(?=[)\"])", text(document))) == {shown}, document


def test_every_accepted_column_is_told() -> None:
    for kind in KINDS:
        (line,) = re.findall(
            rf"^\|[^|]*\| `{kind}_accepted` \|(.*)$", text("ARCHITECTURE.md"), re.MULTILINE
        )
        assert not set(COLUMNS[kind]) - set(re.findall(r"\w+", line)), kind


def test_every_route_named_is_there() -> None:
    there = {
        f"{method} {route.path_format}"
        for router in ROUTERS
        for route in getattr(router, "routes", ())
        for method in getattr(route, "methods", ())
    }
    documents = [path.relative_to(ROOT) for path in (ROOT / "docs").glob("*.md")]
    named = {
        found
        for document in documents
        for found in re.findall(r"`((?:GET|POST|DELETE) /[\w./{}-]+)`", text(str(document)))
    }
    assert len(named) > 10
    assert not named - there


def test_every_macro_and_attribute_of_pages_is_told() -> None:
    told = text("docs/workbench.md")
    macros = re.findall(r"{% macro (\w+)", text("api/web/templates/macros.html"))
    (shown,) = re.findall(r"macros: `([\w, ]+)`", told)
    assert set(macros) == set(shown.split(", "))
    script = text("api/web/static/app.js")
    attributes = re.findall(r"^   (data-[a-z-]+)", script, re.MULTILINE)
    asked = re.findall(r"\[(data-[a-z-]+)\]", script)
    assert not {one for one in {*attributes, *asked} - {"data-flash"} if f"`{one}" not in told}


def test_proxies_shown_let_through_what_the_routes_take() -> None:
    def most(document: str) -> int:
        (size,) = re.findall(r"client_max_body_size +(\d+)m;", text(document))
        return int(size) << 20

    assert most("docs/splp.md") == JOB_BYTES
    assert FORM_BYTES <= most("docs/service.md") < FORM_BYTES + (2 << 20)
    for document in ("docs/splp.md", "docs/service.md"):
        assert f"job {JOB_BYTES >> 20} MiB" in text(document)


def test_bounds_shown_are_those_of_a_programme() -> None:
    (fields, limits) = (
        json.loads(line)
        for line in re.findall(r"^(\{\".*\})$", text("docs/service.md"), re.MULTILINE)
    )
    assert Limits.model_validate(limits) == load_rules().roles["programme"].limits
    shown = load_rules().shown["whole"]
    assert all(set(names) <= set(shown[kind]) for kind, names in fields.items())


def test_how_long_things_wait_for_their_key_is_told() -> None:
    (line,) = re.findall(r"^\| export .*$", text("docs/keys.md"), re.MULTILINE)
    assert f"within {jobs.KEPT.days} days" in line
    assert f"within {exchanges.KEPT.days}" in line


def test_every_code_of_a_refusal_is_told() -> None:
    table = text("docs/service.md").partition("## Refusals")[2].partition("\n## ")[0]
    told = {
        (int(status), code)
        for statuses, codes in re.findall(r"^\| ([\d, ]+) \| (.*?) \|", table, re.MULTILINE)
        for status in statuses.split(", ")
        for code in re.findall(r"`([\w-]+)`", codes)
    }
    assert not set(OF_HUB.values()) - told


def test_every_event_of_the_log_is_told() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "api").rglob("*.py"))
    events = set(re.findall(r'log\.(?:failed, |failed\(|write\()"(\w+)"', code)) - {"request"}
    assert events
    assert not {one for one in events if f"`{one}`" not in text("docs/service.md")}
