"""The scenario: who lives where, what each provider sees of them, and how badly.

A scenario is a YAML document read by the models below, which forbid unknown keys. Rates are
shares (0 to 1) of the rows an operator can act on. The scenarios that ship lie in
`scenarios/`; any path to a YAML file works as well.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from reference.documents import read_yaml
from synthetic.country import provinces
from synthetic.operators.registry import IDS
from synthetic.shipped import HOME, shipped

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Weight = Annotated[float, Field(ge=0.0, le=1e6)]
Provider = Literal["kemendagri", "kemensos", "pemda"]
Where = Literal["population", "kemendagri", "kemensos", "pemda"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Places(_Strict):
    """How the population is clustered: few regencies, whole villages, as in a real delivery."""

    people_per_village: int = Field(default=800, ge=20)
    villages_per_regency: int = Field(default=20, ge=1)
    least_regencies: int = Field(default=8, ge=1)
    provinces: dict[int, Weight] = Field(description="Kemendagri province code → weight")

    @field_validator("provinces")
    @classmethod
    def _known_provinces(cls, value: dict[int, float]) -> dict[int, float]:
        unknown = {str(code) for code in value} - set(provinces())
        if unknown:
            raise ValueError(f"no such province code: {', '.join(sorted(unknown))}")
        if not any(value.values()):
            raise ValueError("one province at least needs a weight")
        return value


class Names(_Strict):
    """How unequal names are."""

    namesakes: float = Field(
        default=1.0, ge=0.0, description="multiple of the real share of the top full names"
    )
    skew: float = Field(default=1.0, ge=0.1, description="exponent on the weight of common tokens")
    tail: Share = Field(default=0.35, description="share of tokens drawn from the composed tail")
    vocabulary: int = Field(default=0, ge=0, description="common tokens used of each list; 0 = all")
    lone_openers: Share = Field(
        default=0.04, description="share of one-word names that may be MUHAMMAD, SITI and the like"
    )
    fewer_words: Share = Field(
        default=0.0, description="share of names cut to their first word, whatever the cohort"
    )


class Families(_Strict):
    """What happens in families."""

    divorced: Share = 0.07
    living_with_parents: Share = 0.42
    own_card_with_parents: Share = 0.55
    moved: Share = 0.08
    born_elsewhere: Share = 0.12
    elders_taken_in: Share = 0.45
    lodgers: Share = 0.24
    shared_roofs: Share = 0.035


class Coverage(_Strict):
    """Which part of the country one provider's files hold."""

    families: Share
    persons: Share
    deceased: Share = 0.0
    dwellings: Share = 1.0


class Scenario(_Strict):
    """One whole setting of the generator."""

    name: str
    sentence: str
    today: date = date(2026, 9, 30)
    places: Places
    names: Names = Names()
    families: Families = Families()
    coverage: dict[Provider, Coverage]
    pemda_files: Literal["one", "per_office"] = "one"
    errors: dict[str, dict[Where, Share]] = Field(description="operator id → where → rate")

    @field_validator("coverage")
    @classmethod
    def _all_providers(cls, value: dict[str, Coverage]) -> dict[str, Coverage]:
        missing = {"kemendagri", "kemensos", "pemda"} - set(value)
        if missing:
            raise ValueError(f"coverage is missing for {', '.join(sorted(missing))}")
        return value

    @field_validator("errors")
    @classmethod
    def _known_operators(
        cls, value: dict[str, dict[Where, float]]
    ) -> dict[str, dict[Where, float]]:
        unknown = set(value) - set(IDS)
        if unknown:
            raise ValueError(f"no such error operator: {', '.join(sorted(unknown))}")
        return value

    @property
    def named(self) -> Names:
        """How unequal names are, the most frequent full ones as often as the rate of D40 says."""
        real = self.names.namesakes * self.rate("D40", "population")
        return self.names.model_copy(update={"namesakes": real})

    def rate(self, operator: str, where: Where) -> float:
        """The rate of an operator at one place; 0 when the scenario does not name it."""
        return self.errors.get(operator, {}).get(where, 0.0)


def find(scenario: str | Path) -> Path:
    """The file of a scenario, named as one that ships or by its path. Raises FileNotFoundError."""
    path = Path(scenario)
    if path.suffix not in {".yaml", ".yml"}:
        path = HOME / f"{scenario}.yaml"
    if not path.is_file():
        known = ", ".join(shipped())
        raise FileNotFoundError(f"no scenario {str(scenario)!r}; those that ship: {known}")
    return path


def load(scenario: str | Path) -> Scenario:
    """Read a scenario by the name of one that ships, or by path. Raises FileNotFoundError or
    pydantic's error."""
    return Scenario.model_validate(read_yaml(find(scenario).read_text(encoding="utf-8")))
