"""The whole path on people nobody is: made, landed, linked, resolved, published, evaluated, shown.

A demonstration has a home of its own, filled by nothing else; so its page may show a cluster and a
profile in plain text. Doing it again in the same home takes up what stands there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import select

from matching.engine import Engine
from matching.evaluation import Evaluation
from matching.rules import KINDS, Kind
from mdm import figures
from mdm.access.demo import DemoUser, demo_client, demo_staff
from mdm.checking import compare, groupings, read_truth
from mdm.compose import Hub
from mdm.corrections.demo import demo_proposals, to_search
from mdm.errors import UsageError
from mdm.export import accept_again, the_published_run
from mdm.hub.runs import published_run
from mdm.hub.tables import Batch
from mdm.landing import land
from mdm.lookup import profile_by_id
from mdm.pipeline import run
from mdm.report import write
from mdm.report.collect import collect
from mdm.report.example import make_example
from mdm.report.facts import Example
from mdm.survivorship import Explanation
from mdm.work.progress import Progress

SOURCES = ("kemendagri", "kemensos", "pemda")
DELIVERY = "delivery"
PAGE = "report.html"


@dataclass(frozen=True)
class Shown:
    """Figures by kind, the page, and what to try next. `users`: told this once; empty when their
    accounts were made before, then `reset` gives another password;
    `nik`: of somebody whom the officers among them may search for."""

    quality: dict[Kind, Evaluation]
    report: Path
    next: list[str]
    calls: list[str]
    users: list[DemoUser]
    reset: str
    address: str
    nik: str | None


def refuse_other_homes(hub: Hub) -> None:
    """UsageError when anything but a demonstration's own files has landed here."""
    own = {_checksum(path) for path in (hub.settings.home / DELIVERY).glob("*/*")}
    with hub.sessions.read() as session:
        landed = set(session.exec(select(Batch.checksum)).all())
    if landed - own:
        raise UsageError(
            "This home holds other files than the demonstration's.", "Name a new --home."
        )


def land_all(hub: Hub, progress: Progress) -> None:
    """One delivery per provider, with its handover record."""
    for source in SOURCES:
        land(hub, source, [hub.settings.home / DELIVERY / source], progress=progress)


def link_all(hub: Hub, progress: Progress) -> None:
    """Learn the weights and take everything along the path."""
    run(hub, progress, train=not _published(hub))


def show(hub: Hub, progress: Progress) -> Shown:
    """Evaluate against the truth and write the page."""
    engine = hub.engine()
    try:
        accept_again(hub, engine, progress)
        quality = {kind: _evaluate(hub, engine, kind, progress) for kind in KINDS}
        published = the_published_run(hub)
        for kind, found in quality.items():
            figures.keep_quality(hub, published.seq, kind, found)
        with progress.task("explain one cluster"):
            example = make_example(hub, engine, lambda e: _reveal(hub, e))
        with progress.task("write the page"):
            facts = collect(hub, quality=quality, synthetic=True, example=example)
            following = next_commands(hub.settings.home, _nik(example))
            page = write(hub.settings.home / PAGE, facts, following)
        calls, users = service_calls(hub, _nik(example)), demo_staff(hub)
        demo_proposals(hub, users)
        address = hub.settings.access.issuer + "/"
        reset = f"{_program()} --home {_short(hub.settings.home)} admin user reset"
        return Shown(quality, page, following, calls, users, reset, address, to_search(hub, users))
    finally:
        engine.close()


def next_commands(home: Path, nik: str | None) -> list[str]:
    """What to try after the demonstration."""
    dtsen = f"{_program()} --home {_short(home)}"
    look = f"echo {nik} | {dtsen} profile" if nik else f"{dtsen} profile"
    truth = f"{_short(home)}/{DELIVERY}/truth/person.csv"
    return [
        f"{dtsen} status",
        look,
        f"{look} --reveal --purpose demonstration",
        f"{dtsen} findings --source pemda --out findings.xlsx",
        f"{dtsen} evaluate --kind person --truth {truth} --by name_type",
        f"{dtsen} export links --kind household --out links.parquet",
    ]


def service_calls(hub: Hub, nik: str | None) -> list[str]:
    """Calls to paste while `dtsen serve` runs: token, lookup, eligibility, trace.

    They are those of a demonstration client, whose private key lies in the home.
    """
    key, issuer = demo_client(hub), hub.settings.access.issuer
    dtsen = f"{_program()} --home {_short(hub.settings.home)}"
    asked = json.dumps({"nik": nik or "NIK", "purpose": "demonstration"})
    eligible = json.dumps(json.loads(asked) | {"programmes": ["PKH", "SEMBAKO", "PBI-JK"]})
    post = f"curl -s {issuer}/v1/{{}} -H \"authorization: Bearer $TOKEN\" --json '{{}}'"
    token = (
        f"TOKEN=$(curl -s {issuer}/v1/token -d grant_type=client_credentials"
        " -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        f" -d client_assertion=$({dtsen} admin client assertion --key {_short(key)})"
        ' | sed \'s/.*"access_token": *"\\([^"]*\\)".*/\\1/\')'
    )
    return [
        f"{dtsen} serve",
        token,
        post.format("profiles/lookup", asked),
        post.format("eligibility", eligible),
        f"echo {nik or 'NIK'} | {dtsen} audit trace name --purpose demonstration",
    ]


def _evaluate(hub: Hub, engine: Engine, kind: Kind, progress: Progress) -> Evaluation:
    truth = read_truth(hub.settings.home / DELIVERY / "truth" / f"{kind}.csv")
    by = [name for name in groupings(truth) if name not in ("errors", "region")]
    return compare(hub, engine, kind, truth, progress, by=by)


def _reveal(hub: Hub, entity: str) -> Explanation:
    view = profile_by_id(hub, entity, actor="demonstration", purpose="demonstration", reveal=True)
    if view is None:
        raise LookupError("a published entity has no profile")
    return view.explanation


def _published(hub: Hub) -> bool:
    with hub.sessions.read() as session:
        return published_run(session) is not None


def _nik(example: Example | None) -> str | None:
    values = example.values if example else ()
    return next((value.value.en for value in values if value.attribute == "nik"), None)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _program() -> str:
    """How to call the command line from here."""
    return "dtsen" if shutil.which("dtsen") else _short(Path(sys.argv[0]).absolute())


def _short(home: Path) -> str:
    """The home as a person would type it from here."""
    here = Path.cwd()
    return str(home.relative_to(here)) if home.is_relative_to(here) else str(home)
