"""`dtsen keys` and the rights under `dtsen subject`, as an operator calls them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mdm.audit.verifying import verify
from mdm.cli.app import call
from mdm.compose import Hub
from mdm.homes import open_home
from mdm.keys import PURPOSES
from mdm.lookup import profile_by_nik
from mdm.rotation import ROOT
from mdm.work.progress import Silent
from tests.keys.approving import approve
from tests.keys.test_rotation import person
from tests.publish.golden import BUDI, SITI, Golden, publish_golden
from tests.templates import Fill, Template

#: The verbs are the same on every database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
Dtsen = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mdm.keys.KNOWN_SECONDS", 0.0)


def publish_two(hub: Hub) -> None:
    persons = {"e1": person(SITI, name="SITI"), "e2": person(BUDI, name="BUDI")}
    publish_golden(hub, Golden(persons=persons))


@pytest.fixture(scope="module")
def template(filled: Callable[[Fill], Template]) -> Template:
    return filled(publish_two)


@pytest.fixture
def hub(template: Template, home: Path) -> Iterator[Hub]:
    with template.copy(home) as hub:
        yield hub


@pytest.fixture
def dtsen(hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Dtsen:
    """Call `dtsen` here: exit code, standard output, standard error."""

    def run(*arguments: str | Path, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = call(["--home", str(hub.settings.home), *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def approval_in(text: str) -> str:
    found = re.search(r"approval-[0-9a-f]+", text)
    assert found, text
    return found[0]


def keys(dtsen: Dtsen) -> dict[tuple[str, int], dict[str, Any]]:
    code, out, _ = dtsen("keys", "list", "--json")
    assert code == 0
    return {(one["purpose"], one["version"]): one for one in json.loads(out)["keys"]}


@pytest.mark.parametrize("purpose", [ROOT, *PURPOSES])
def test_a_rotation_drill_from_first_to_last(hub: Hub, dtsen: Dtsen, purpose: str) -> None:
    code, out, _ = dtsen("keys", "rotate", purpose)
    assert code == 0
    assert "version 2" in out
    following = re.findall(r"dtsen (keys \w+ ?.*)", out)[-1].split()
    if following[1] != "destroy":
        assert dtsen(*following)[0] == 0
    assert keys(dtsen)[purpose, 1]["needed"] == 0
    code, _, err = dtsen("keys", "destroy", purpose, "77")
    assert (code, "no such version" in err) == (4, True)
    code, _, err = dtsen("keys", "destroy", purpose, "1")
    assert code == 7
    approval = approve(hub, approval_in(err))
    code, out, _ = dtsen("keys", "destroy", purpose, "1", "--approval", approval)
    assert code == 0, out
    assert keys(dtsen)[purpose, 1]["state"] == "destroyed"
    again = open_home(hub.settings.home)
    assert profile_by_nik(again, SITI, actor="a") is not None
    assert verify(again, Silent()).holds
    again.close()


def test_what_cannot_be_done_with_a_key_is_said(dtsen: Dtsen) -> None:
    code, _, err = dtsen("keys", "rotate", "everything")
    assert (code, "There is no key" in err) == (2, True)
    code, _, err = dtsen("keys", "destroy", "profile", "1")
    assert (code, "decrypt-only" in err) == (7, True)
    dtsen("keys", "rotate", "profile")
    code, _, err = dtsen("keys", "destroy", "profile", "1")
    assert (code, "still sealed" in err, "dtsen keys rewrap profile" in err) == (7, True, True)
    assert dtsen("keys", "rewrap", "audit")[1].endswith("nothing has to be brought.\n")


def test_nothing_secret_is_listed(hub: Hub, dtsen: Dtsen) -> None:
    code, out, _ = dtsen("keys", "list")
    assert code == 0
    assert "identifier" in out
    secret = json.loads(hub.settings.root_key.read_text())["keys"]["1"]["key"]
    assert secret not in out


def test_a_restriction_by_number_and_its_end(hub: Hub, dtsen: Dtsen) -> None:
    basis = ("--basis", "uu27-2022-art41")
    code, out, err = dtsen("subject", "restrict", *basis, typed=SITI + "\n")
    assert code == 0, err
    assert SITI not in out + err
    code, out, _ = dtsen("subject", "lift", "--entity", "e1", *basis, "--json")
    assert (code, json.loads(out)) == (0, {"lifted": 1})


def test_an_erasure_and_its_replay_into_an_older_copy(
    hub: Hub, dtsen: Dtsen, tmp_path: Path
) -> None:
    basis = ("--basis", "uu27-2022-art43")
    code, _, err = dtsen("subject", "erase", *basis, typed=SITI + "\n")
    assert code == 7
    approval = approve(hub, approval_in(err))
    code, out, _ = dtsen("subject", "erase", "--entity", "e1", *basis, "--approval", approval)
    assert code == 0
    assert "shredded.list" in out
    assert profile_by_nik(hub, SITI, actor="a") is None
    copy = tmp_path / "copy.list"
    copy.touch()  # as a list exported before anybody was erased
    code, _, err = dtsen("keys", "shred-list", "replay", copy)
    assert (code, "holds no shred list" in err) == (4, True)
    code, out, _ = dtsen("keys", "shred-list", "export", copy, "--json")
    assert (code, json.loads(out)["erasures"]) == (0, 1)
    assert SITI not in copy.read_text()
    code, out, _ = dtsen("keys", "shred-list", "replay", copy, "--json")
    assert (code, json.loads(out)) == (0, {"replayed": 0})
    copy.write_bytes(copy.read_bytes().replace(b'"e1"', b'"e2"'))
    code, _, err = dtsen("keys", "shred-list", "replay", copy)
    assert (code, "altered" in err) == (8, True)
    assert profile_by_nik(hub, BUDI, actor="a") is not None
