"""Rule documents of the linkage, read strictly: an unknown key is an error, every rule has a name and one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reference.documents import faults, read_yaml, unreadable

Kind = Literal["person", "family", "household"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Judgement = Literal["link", "review", "non-link"]

HERE = Path(__file__).parent / "rules"


class Document(BaseModel):
    """Base of every rule document: frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StandardiseRules(Document):
    """`standardise.yaml`."""

    registry_sources: list[str]
    sources_of_changes: list[str]
    person_number_sources: list[str]
    default_days: list[str]
    address_words_without_meaning: list[str]


class BlockingRule(Document):
    """Records that agree on all `keys` are compared, unless more than `max_block` of them share the keys.

    `keys` are SQL over one linkable record; `explode` names an array column of which one shared element is enough.
    """

    name: str
    sentence: str
    keys: list[str] = []
    explode: str | None = None
    max_block: int = Field(default=200, ge=2)

    @model_validator(mode="after")
    def _has_a_key(self) -> BlockingRule:
        if not self.keys and not self.explode:
            raise ValueError(f"blocking rule {self.name} names no key")
        return self


class Share(Document):
    """How many of the pairs on a level, which say nothing else, are one entity: expected here, and counted on the pairs
    in the blocks of `block` of which it is told."""

    expected: float = Field(gt=0, lt=1)
    block: str


class Level(Document):
    """One degree of agreement: `sql` over `<column>_l` and `<column>_r`; the first level that holds counts.

    Training learns `m` (share of same entities that agree so) and `u` (share of different ones). Where random pairs
    are too rare to show `u`, it is fixed here, or counted exactly from the records that share `u_key`, or follows from
    `by_chance`: how many records of other entities agree so with a record, on average, however many records there are.
    `m_expected` and `share`, from which `u` follows, are counted on: see `matching.told`.
    """

    name: str
    sentence: str
    sql: str
    missing: bool = False
    tf: str | None = None
    tf_floor: float = Field(default=0.0, ge=0, lt=1)
    m: float | None = Field(default=None, gt=0, lt=1)
    m_expected: float | None = Field(default=None, gt=0, lt=1)
    u: float | None = Field(default=None, gt=0, lt=1)
    u_key: str | None = None
    by_chance: float | None = Field(default=None, gt=0)
    share: Share | None = None


class Comparison(Document):
    """An ordered list of levels, the last of them holding always."""

    name: str
    sentence: str
    levels: list[Level] = Field(min_length=2)


class Pattern(Document):
    """Pairs that agree and differ in one way.

    `when` and `unless` name levels found per comparison: all of `when` must hold, and not all of `unless`.
    `sql` may say more, over `<column>_l` and `<column>_r`.
    """

    name: str
    sentence: str
    when: dict[str, list[str]]
    unless: dict[str, list[str]] = {}
    sql: str = "true"


class Guard(Pattern):
    """Pairs that look alike for a known reason: whatever their weight, they get at most this judgement."""

    judgement: Judgement


class Certain(Document):
    """Agreement that hardly anyone but the same entity shows; `recall` is the share of matching pairs that show it."""

    keys: list[str] = Field(min_length=1)
    recall: float = Field(gt=0, le=1)


class Told(Document):
    """A comparison that is sure of many pairs: its levels at which two records are one entity, or two.

    `blocks` are the blocking rules that find the pairs told one; `alike` is SQL over `<column>_l` and `<column>_r`: the
    pairs of which it is told either way.
    """

    comparison: str
    one: list[str] = Field(min_length=1)
    two: list[str] = Field(min_length=1)
    blocks: list[str] = Field(min_length=1)
    alike: str = "true"


class Training(Document):
    """How EM learns the weights without labels: pairs sampled for u, pairs per EM session, and the sessions' blocks.

    `certain` says how many pairs match: the largest of its estimates, for a source may lack what one of them looks at.
    `strata` is SQL over one record: a model is for data whose strata it has seen (`Model.fits`); NULL is in none.
    """

    strata: str = "NULL"
    u_pairs: float
    em_pairs: float
    em_blocks: list[list[str]]
    certain: list[Certain] = Field(min_length=1)
    told: Told | None = None
    seed: int = 1972


class Thresholds(Document):
    """Match weights in bits (log2 odds): from `link` up a link, from `review` up a task for a steward."""

    link: float
    review: float

    @model_validator(mode="after")
    def _ordered(self) -> Thresholds:
        if self.review > self.link:
            raise ValueError("review must not be above link")
        return self


class Stricter(Pattern):
    """Pairs whose weights say too much, because what agrees goes together by itself: they have thresholds of their own.

    Of several that hold the highest count. `link` and `review` as in `Thresholds`, never below those.
    """

    link: float | None = None
    review: float | None = None


class Overruled(Document):
    """A pair under review, or a link passed over, is no question where both its records have a link `bits` stronger.

    Each has found where it belongs. `unless`: SQL over `<column>_l` and `<column>_r`, true of pairs under review that
    stay questions.
    """

    sentence: str
    bits: float = Field(gt=0)
    unless: str = "false"


class Exclusive(Document):
    """A cluster holds at most one record per value of `key`, unless the two records are linked to each other."""

    key: str
    sentence: str


class LinkageRules(Document):
    """`person.yaml`, `family.yaml`, `household.yaml`."""

    kind: Kind
    sentence: str
    records: str = Field(
        description="where the records come from: a table, or tables joined on rid"
    )
    columns: dict[str, str] = Field(description="column: SQL over one record")
    blocking: list[BlockingRule] = Field(min_length=1)
    max_pairs_per_record: float = Field(gt=0)
    comparisons: list[Comparison] = Field(min_length=1)
    training: Training
    thresholds: Thresholds
    stricter: list[Stricter] = []
    guards: list[Guard] = []
    overruled: Overruled | None = None
    exclusive: Exclusive | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the document's meaning: the same rules, however they are laid out, have one digest."""
        return sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """All that may give a pair another judgement than its weight alone."""
        return (*self.stricter, *self.guards)

    def held_to(self, reason: str) -> Thresholds:
        """The thresholds that a pair judged for this reason was held to: its stricter pattern's own where the reason
        is one, else the general ones."""
        least = self.thresholds
        for one in self.stricter:
            if one.name == reason:
                own = {"link": one.link, "review": one.review}
                raised = {name: at for name, at in own.items() if at is not None}
                return least.model_copy(update=raised)
        return least

    @model_validator(mode="after")
    def _names_are_unique(self) -> LinkageRules:
        groups: tuple[Sequence[BlockingRule | Comparison | Pattern], ...] = (
            self.blocking,
            self.comparisons,
            self.patterns,
        )
        for group in groups:
            names = [rule.name for rule in group]
            if len(set(names)) != len(names):
                raise ValueError(f"two rules have one name: {sorted(names)}")
        return self

    @model_validator(mode="after")
    def _patterns_name_levels(self) -> LinkageRules:
        known = {one.name: {level.name for level in one.levels} for one in self.comparisons}
        for one in self.patterns:
            for comparison, levels in [*one.when.items(), *one.unless.items()]:
                if unknown := set(levels) - known.get(comparison, set()):
                    raise ValueError(
                        f"{one.name} names what {comparison} does not have: {sorted(unknown)}"
                    )
        return self

    @model_validator(mode="after")
    def _what_is_counted_is_told(self) -> LinkageRules:
        levels = [level for one in self.comparisons for level in one.levels]
        counted, told = [one for one in levels if one.share or one.m_expected], self.training.told
        if told is None:
            if counted:
                raise ValueError(
                    f"{counted[0].name} is counted on what training.told says, and it says nothing"
                )
            return self
        if without := [level.name for level in counted if level.share and level.m is None]:
            raise ValueError(f"a level with a share needs an m: {without}")
        telling = [one.levels for one in self.comparisons if one.name == told.comparison]
        blocks = {*told.blocks, *(level.share.block for level in counted if level.share)}
        unknown = blocks - {rule.name for rule in self.blocking}
        unknown |= {*told.one, *told.two} - {level.name for of in telling for level in of}
        if unknown:
            raise ValueError(f"training.told or a share names what there is not: {sorted(unknown)}")
        return self

    def gamma(self, comparison: str, level: str) -> int:
        """The number of a level in `gamma_<comparison>`: the last level is 0, a missing value -1."""
        levels = next(one.levels for one in self.comparisons if one.name == comparison)
        present = [one.name for one in levels if not one.missing]
        return len(present) - 1 - present.index(level) if level in present else -1


class RuleDocumentError(ValueError):
    """A rule document cannot be followed; the message says which, where and why."""


_D = TypeVar("_D", bound=Document)


def read_document(path: Path, model: type[_D]) -> _D:
    """Read one YAML document strictly. Raises RuleDocumentError naming the file, the places in it and the reasons."""
    try:
        return model.model_validate(read_yaml(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise RuleDocumentError(f"{path.name} {unreadable(error)}.") from error
    except ValidationError as error:
        raise RuleDocumentError(f"{path.name}: {faults(error)}.") from error


@cache
def load_standardise() -> StandardiseRules:
    """The standardisation document."""
    return read_document(HERE / "standardise.yaml", StandardiseRules)


@cache
def load_linkage(kind: Kind) -> LinkageRules:
    """The linkage document of one kind."""
    return read_document(HERE / f"{kind}.yaml", LinkageRules)
