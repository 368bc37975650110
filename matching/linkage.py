"""Steps 4 to 7 for one kind: block, score, judge, cluster; and how the three kinds lean on each other.

Families come first: their members' numbers and names tell which cards are one family. Persons come next: the family
found for a card is evidence for them. Households come last: dwellings and the families found, by book, meter, address.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from matching import families, households
from matching.blocking import RuleCount, block
from matching.clusters import ClusterCount, cluster
from matching.engine import Engine
from matching.judgement import judge
from matching.model import Model
from matching.rules import Kind, LinkageRules, load_linkage
from matching.scoring import make_linkable, score
from matching.training import strata, train

#: The kinds in the order in which they lean on each other.
ORDER: tuple[Kind, ...] = ("family", "person", "household")


@dataclass(frozen=True)
class Linked:
    """What linking one kind came to."""

    records: int
    found_by: tuple[RuleCount, ...]
    pairs: int
    judgements: dict[str, int]
    clusters: ClusterCount


def prepare(engine: Engine, kind: Kind) -> int:
    """Bring in what the other kinds say and make `<kind>_linkable`; return its rows."""
    if kind == "family":
        families.add_implied(engine)
        families.add_members(engine)
    elif kind == "person":
        families.tell_persons(engine)
    else:
        households.make_nodes(engine)
    return make_linkable(engine, load_linkage(kind))


def fits(engine: Engine, model: Model) -> bool:
    """Whether a model was learned from data like those in `<kind>_linkable`."""
    return model.fits(strata(engine, load_linkage(model.kind)))


def learn(engine: Engine, kind: Kind) -> Model:
    """Train a model of one kind on `<kind>_linkable`."""
    return train(engine, load_linkage(kind))


def link(
    engine: Engine,
    kind: Kind,
    model: Model | Callable[[], Model],
    human: str | None = None,
    step: Callable[[str], None] = lambda _: None,
) -> Linked:
    """From `<kind>_linkable` to `<kind>_clusters`; `human` names a table of standing judgements. Leaves
    `<kind>_judged` and `<kind>_scored` for review and trace. `step` is told each step as it begins.

    A model yet to be made is made while the pairs are: training leaves most cores idle."""
    rules = load_linkage(kind)
    step("train")
    with ThreadPoolExecutor(1) as beside:
        blocked = beside.submit(_block_beside, engine, rules)
        model = model if isinstance(model, Model) else model()
        step("block")
        found_by = blocked.result()
    step("score")
    pairs = score(engine, rules, model)
    engine.drop(f"{kind}_pairs")
    step("judge")
    judgements = judge(engine, rules, human)
    step("cluster")
    clusters = cluster(engine, rules)
    records = int(engine.scalar(f"SELECT count(*) FROM {kind}_linkable"))
    return Linked(records, tuple(found_by), pairs, judgements, clusters)


def _block_beside(engine: Engine, rules: LinkageRules) -> list[RuleCount]:
    other = engine.beside()
    try:
        return block(other, rules)
    finally:
        other.close()
