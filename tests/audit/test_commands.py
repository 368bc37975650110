"""`dtsen audit …`, as typed."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mdm.cli.app import call
from mdm.compose import Hub
from mdm.lookup import profile_by_nik
from tests.audit.tampering import tamper
from tests.publish.golden import SITI, Golden, content, publish_golden
from tests.templates import Fill, Template

#: The verbs are the same on every database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
Dtsen = Callable[..., tuple[int, str, str]]


def read_once(hub: Hub) -> None:
    publish_golden(hub, Golden({"e1": (content(nik=SITI, name="SITI NURHALIZA"), [SITI])}))
    profile_by_nik(hub, SITI, actor="officer", purpose="verification", case="K-1", reveal=True)


@pytest.fixture(scope="module")
def template(filled: Callable[[Fill], Template]) -> Template:
    return filled(read_once)


@pytest.fixture
def home(template: Template, tmp_path: Path) -> Path:
    """A copy of a home where somebody read Siti."""
    with template.copy(tmp_path / "home") as hub:
        return hub.settings.home


@pytest.fixture
def dtsen(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Dtsen:
    def run(*arguments: str | Path, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = call(["--home", str(home), *map(str, arguments)])
        seen = capsys.readouterr()
        return code, seen.out, seen.err

    return run


def told(answer: tuple[int, str, str]) -> Any:
    code, out, err = answer
    assert code == 0, err
    return json.loads(out)


def test_verify_says_that_all_holds(dtsen: Dtsen) -> None:
    code, out, err = dtsen("audit", "verify")
    assert code == 0
    assert "everything holds" in out
    assert "verify events" in err
    assert told(dtsen("audit", "verify", "--json"))["holds"] is True


def test_verify_names_what_was_altered_and_fails(dtsen: Dtsen, home: Path) -> None:
    from mdm.homes import open_home  # noqa: PLC0415

    hub = open_home(home)
    tamper(hub, "UPDATE audit_event SET event = leaf_hash WHERE seq = 1")
    hub.close()
    code, out, err = dtsen("audit", "verify")
    assert code == 8
    assert "Event 1 was altered" in out
    assert "does not hold" in err
    code, out, err = dtsen("audit", "verify", "--json")  # one document, which says so
    assert (code, json.loads(out)["holds"]) == (8, False)


def test_a_checkpoint_kept_outside_is_held_against_the_log(dtsen: Dtsen, tmp_path: Path) -> None:
    note = tmp_path / "witnessed.txt"
    code, out, _ = dtsen("audit", "checkpoint", "--out", note)
    assert code == 0
    assert note.read_text("utf-8").strip() in out
    assert dtsen("audit", "verify", "--witnessed", note)[0] == 0
    note.write_text("something else", "utf-8")
    assert dtsen("audit", "verify", "--witnessed", note)[0] == 4


def test_export_hands_over_the_key_and_what_verifies(dtsen: Dtsen, tmp_path: Path) -> None:
    from mdm.audit.verifier import main as verifier  # noqa: PLC0415

    out = tmp_path / "log.zip"
    done = told(dtsen("audit", "export", "--out", out, "--json"))["export"]
    assert done["keys"] == told(dtsen("audit", "keys", "--json"))["keys"]
    assert verifier([str(out), "--key", done["keys"][0]]) == 0


def test_events_are_found_by_actor_and_subject(dtsen: Dtsen) -> None:
    (event,) = told(dtsen("audit", "events", "--actor", "officer", "--json"))["events"]
    assert (event["action"], event["details"]["case"]) == ("reveal", "K-1")
    about = told(dtsen("audit", "events", "--about", "e1", "--json"))["events"]
    assert [one["seq"] for one in about] == [event["seq"]]
    assert "officer" in dtsen("audit", "events")[1]


@pytest.mark.parametrize(
    ("words", "what", "meant"),
    [
        (["--actor", "oficer"], "no actor of this name", "officer"),
        (["--actor", "OFFICERS", "--action", "reveal"], "no actor of this name", "officer"),
        (["--action", "revael"], "has this action", "reveal"),
        (["--purpose", "verifikation"], "has this purpose", "verification"),
        (["--about", "e2"], "is about this", ""),
    ],
)
def test_what_is_nowhere_in_the_log_is_said_to_be_so(
    dtsen: Dtsen, words: list[str], what: str, meant: str
) -> None:
    code, _, err = dtsen("audit", "events", *words)
    assert (code, what in err, meant in err) == (4, True, True), err
    assert ("Did you mean" in err) == bool(meant)


def test_a_search_that_nothing_fits_says_so(dtsen: Dtsen) -> None:
    code, out, _ = dtsen("audit", "events", "--actor", "officer", "--since", "2099-01-01")
    assert (code, "No event fits all of this." in out) == (0, True)
    both = ["--since", "2027-01-02", "--until", "2027-01-01"]
    code, _, err = dtsen("audit", "events", *both)
    assert (code, "ends before it begins" in err) == (2, True)


def test_a_proof_is_printed_for_the_verifier(dtsen: Dtsen, tmp_path: Path) -> None:
    from mdm.audit.verifier import main as verifier  # noqa: PLC0415

    dtsen("audit", "checkpoint")
    out = tmp_path / "proof.txt"
    assert dtsen("audit", "proof", "1", "--out", out)[0] == 0
    (key,) = told(dtsen("audit", "keys", "--json"))["keys"]
    assert verifier([str(out), "--key", key]) == 0
    assert dtsen("audit", "proof", "1")[1] == out.read_text("utf-8")
    assert dtsen("audit", "proof", "99")[0] == 4


def test_what_a_program_reads_is_not_folded(dtsen: Dtsen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mdm.cli.session.PIPE_WIDTH", 40)
    note = told(dtsen("audit", "checkpoint", "--json"))["checkpoint"]["note"]
    assert dtsen("audit", "checkpoint")[1] == note
    assert dtsen("audit", "keys")[1].split() == told(dtsen("audit", "keys", "--json"))["keys"]


def test_a_trace_shows_where_a_value_came_from(dtsen: Dtsen) -> None:
    found = told(dtsen("audit", "trace", "name", "--json", stdin=f"{SITI}\n"))["trace"]
    (value,) = found["values"]
    assert value["value"] == "SITI NURHALIZA"
    assert found["records"][value["record"]]["row"] == 7
    code, out, _ = dtsen("audit", "trace", "name", stdin=f"{SITI}\n")
    assert code == 0
    assert "biodata.csv" in out
    # People count from 1, as the pages do; in JSON `record` is a place in the list.
    shown, number = [line.split() for line in out.splitlines()], str(value["record"] + 1)
    assert [number, "kemendagri", "biodata.csv", "7"] in [words[:4] for words in shown]
    (of_value,) = [words for words in shown if "NURHALIZA" in words[:4]]
    assert of_value[of_value.index("NURHALIZA") + 1] == number


def test_a_nik_on_the_command_line_is_never_taken(dtsen: Dtsen) -> None:
    code, out, err = dtsen("audit", "trace", SITI)
    assert code == 2
    assert SITI not in out + err


def test_a_trace_without_a_known_purpose_is_refused(dtsen: Dtsen) -> None:
    assert dtsen("audit", "trace", "name", "--purpose", "fun", stdin=f"{SITI}\n")[0] == 7


def test_a_breach_is_reported(dtsen: Dtsen) -> None:
    when = ("--since", "2020-01-01", "--until", "2100-01-01")
    found = told(dtsen("audit", "breach", "--actor", "officer", *when, "--json"))["breach"]
    assert found["subjects"] == {"person": 1}
    assert "person" in dtsen("audit", "breach", "--key", "profile:1", *when)[1]
    assert dtsen("audit", "breach", *when)[0] == 2


def test_a_subject_report_speaks_indonesian(dtsen: Dtsen) -> None:
    code, out, _ = dtsen("subject", "report", stdin=f"{SITI}\n")
    assert code == 0
    assert "Siapa yang membaca" in out
    assert "officer" in out
