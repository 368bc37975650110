"""The whole path, in order, on one screen. Each stage makes the tables that ARCHITECTURE.md names from those before it.

Landing comes before: it takes files one by one, as they arrive. A run takes all that has landed to published profiles.
"""

from __future__ import annotations

from matching.engine import Engine
from matching.second_opinion import import_libraries
from matching.standardise import standardise
from mdm import audit, figures, linking
from mdm.compose import Hub
from mdm.corrections.joining import keep_places, keep_turns
from mdm.identity import identify
from mdm.lake import kept
from mdm.publishing import publish
from mdm.run import RunResult, Stage, Work, carry_out
from mdm.survivorship import chunk_records, fill_regions, survive
from mdm.survivorship.members import members
from mdm.survivorship.moved import note_moved
from mdm.validation import let_go, mark, validate
from mdm.work.progress import Progress

Counts = dict[str, int]

#: Records from which standardising takes longer than importing what linking needs, which goes on beside it.
_MANY = 100_000


def _validate(work: Work) -> Counts:
    done = validate(work.hub, work.engine, work.progress, corrections=work.facts.corrections)
    keep_turns(work.hub, work.engine, work.seq)
    return done.as_dict()


def _import_ahead(work: Work) -> None:
    few = f"(FROM person_accepted LIMIT {_MANY})"
    if work.engine.scalar(f"SELECT count(*) FROM {few}") == _MANY:
        work.beside.later(lambda _: import_libraries())


def _standardise(work: Work) -> Counts:
    rows = standardise(work.engine)
    mark(work.engine)
    let_go(work.engine)
    return {str(kind): count for kind, count in rows.items()}


def _identify(work: Work) -> Counts:
    linking.load_previous(work)
    linking.note_origin(work)
    counts = {kind: identify(work.engine, kind, work.seq) for kind in linking.KINDS}
    return {
        f"{kind} {what}": number
        for kind, one in counts.items()
        for what, number in vars(one).items()
    }


def _relate(work: Work) -> None:
    linking.relate(work)
    members(work.engine)


def _survive(work: Work) -> Counts:
    note_moved(work.engine)
    chunk = chunk_records(work.engine, linking.KINDS)
    golden = {str(kind): survive(work.engine, kind, chunk=chunk) for kind in linking.KINDS}
    fill_regions(work.engine)
    return golden


def _publish(work: Work) -> Counts:
    def note(engine: Engine) -> None:
        figures.keep(work.hub, engine, work.seq)
        keep_places(work.hub, engine, work.seq)

    done = publish(work.hub, work.engine, work.run, work.progress, meanwhile=note)
    return {
        f"{kind} {what}": number for kind, one in done.items() for what, number in vars(one).items()
    }


PATH = (
    Stage(
        "validate",
        "Check what landed: accepted or quarantined, with findings.",
        _validate,
        share=10,
    ),
    Stage(
        "standardise",
        "Bring names, dates, codes, places, addresses to forms that compare.",
        _standardise,
        before=_import_ahead,
        share=8,
    ),
    *linking.stages(),  # family, person, household: block, score, judge, cluster
    Stage(
        "identify",
        "Give every cluster its lasting id.",
        _identify,
        keeps=linking.IDENTITIES,
        writes=kept.COMPONENTS,
        after=_relate,
        share=6,
    ),
    Stage("survive", "Choose every attribute's value, and say why.", _survive, share=20),
    Stage(
        "publish", "Seal the golden profiles; make the run visible as a whole.", _publish, share=20
    ),
)


def run(hub: Hub, progress: Progress, *, train: bool = False) -> RunResult:
    """Take all that has landed along the path. With `train`, learn new models on the way; without, use the current
    ones (and learn where there is none). A killed run is taken up after its last finished linkage. What it published
    is signed in the audit log at once."""
    done = carry_out(hub, PATH, progress, train=train)
    audit.checkpoint(hub)
    return done


def train(hub: Hub, progress: Progress) -> RunResult:
    """Learn new models from all that has landed, and make them current. Publishes nothing."""
    return carry_out(hub, PATH[: 2 + len(linking.stages())], progress, train=True, publishes=False)
