"""Every sentence that a page names exists, in both languages; and none lies there unused."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import mdm
from api.dci import searching
from api.web import forms
from api.web.pages import TEMPLATES, warm
from api.web.texts import texts
from api.web.wording import IN
from mdm.access import actions, alarms, load_rules
from mdm.audit.checkpoints import KEY_EVENT
from mdm.audit.verified import What
from mdm.audit.vouched import TABLES
from mdm.corrections.document import load_rules as load_corrections
from mdm.eligibility import batch
from mdm.jobs import DONE, FAILED, checks, exports
from mdm.seal.masking import load_rules as load_sealing

WEB = TEMPLATES.parent
_KEY = re.compile(r"""["']([a-z-]+\.[a-z0-9._-]*[a-z0-9])["']""")
_STEM = re.compile(  # what keys are put together from
    r"""["']([a-z-]+\.(?:[a-z0-9_-]+\.)*)["']|f["']([a-z-]+\.(?:[a-z0-9_-]+\.)*)\{"""
)
AREAS = {key.partition(".")[0] for key in texts()}


def sources() -> dict[str, str]:
    found = [*TEMPLATES.rglob("*.html"), *WEB.rglob("*.py")]
    return {str(path.relative_to(WEB)): path.read_text(encoding="utf-8") for path in found}


def test_what_a_page_says_is_there() -> None:
    missing = [
        (name, key)
        for name, text in sources().items()
        for key in _KEY.findall(text)
        if key.partition(".")[0] in AREAS
        and key not in texts()
        and key not in actions()
        and not key.endswith(".html")
        and not key.endswith(("css", "js", "svg"))
    ]
    assert not missing


def test_what_is_there_is_said() -> None:
    text = "\n".join(sources().values())
    named = set(_KEY.findall(text))
    stems = tuple({stem for pair in _STEM.findall(text) for stem in pair if stem})
    unused = [key for key in texts() if key not in named and not key.startswith(stems)]
    assert not unused


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("area", sorted(AREAS))
def test_both_languages_have_the_same_places_for_values(area: str) -> None:
    for key, text in texts().items():
        if key.startswith(area + "."):
            assert places(text.id) == places(text.en) == places(text.en_one or text.en), key


def test_every_template_compiles() -> None:
    warm()


def test_every_role_has_a_name() -> None:
    assert {f"layout.role.{role}" for role in load_rules().roles} <= texts().keys()


def test_every_alarm_has_its_words() -> None:
    assert {f"overview.alarm.{kind}" for kind in alarms.KINDS} <= texts().keys()


def recorded() -> Iterator[str]:
    """The acts that the hub and the service write down by name: `audit.record(session, actor, act, …)`."""
    at = {"record": 2, "Event": 1}
    for path in [*Path(mdm.__file__).parent.rglob("*.py"), *WEB.parent.rglob("*.py")]:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute | ast.Name):
                name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id
                said = call.args[at[name] :][:1] if name in at else []
                if said and isinstance(said[0], ast.Constant) and isinstance(said[0].value, str):
                    yield said[0].value


def test_every_act_on_record_has_its_words() -> None:
    for act in recorded():
        assert f"acts.{act}" in texts(), act
    acts = [f"alarm.{kind}" for kind in alarms.KINDS] + [f"job.{end}" for end in (DONE, FAILED)]
    steps = {step.act for step in load_corrections().chain}
    acts += [f"correction.{step}" for step in steps | {"propose", "send-back", "withdraw"}]
    acts += [KEY_EVENT, exports.KIND, checks.KIND, batch.EVENT, searching.EVENT]
    assert {f"acts.{act}" for act in [*acts, searching.MEMBERS_EVENT]} <= texts().keys()


def test_whatever_a_verification_finds_has_its_words() -> None:
    assert {f"auditor.verify.what.{one}" for one in get_args(What)} <= texts().keys()
    called = {f"auditor.verify.table.{table.called}" for table in TABLES}
    assert called <= texts().keys()
    assert {type(table.called) for table in TABLES} == {str}, "what no answer can hold"


def test_every_purpose_has_its_words() -> None:
    assert {f"purposes.{one}" for one in load_sealing().purposes} <= texts().keys()


def test_a_line_counts_once_whatever_a_browser_sends_for_its_end() -> None:
    assert forms.text({"catatan": "satu\r\ndua"}, "catatan", 8) == "satu\ndua"


def test_numbers_and_dates_are_in_the_form_of_the_language() -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    at = datetime(2026, 11, 27, 17, 5, tzinfo=UTC)
    assert IN["id"].number(1234567.5, 1) == "1.234.567,5"
    assert IN["en"].number(1234567.5, 1) == "1,234,567.5"
    assert IN["id"].number(-0.04, 1) == "0,0"
    assert IN["id"].moment(at) == "28 Nov 2026 00.05 WIB"
    assert IN["en"].moment(at) == "28 Nov 2026 00:05 WIB"
    assert IN["id"].share(0.953) == "95,3%"
