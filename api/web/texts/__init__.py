"""What pages say, in both languages: one document per area, each sentence under its key.

The names of acts and purposes come from the audit log, which tells them to people elsewhere, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, RootModel

from mdm import documents
from mdm.audit.called import ACTS, PURPOSES
from reference.sentences import Language

HERE = Path(__file__).parent
_Words = Annotated[str, Field(min_length=1)]


class Text(BaseModel):
    """One sentence. `en_one`: the English for exactly one `n`; Indonesian needs no such thing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: _Words
    en: _Words
    en_one: _Words | None = None

    def in_language(self, language: Language, values: Mapping[str, object]) -> str:
        """The sentence, its places not filled yet."""
        if language == "id":
            return self.id
        return self.en_one if self.en_one is not None and values.get("n") in (1, "1") else self.en


class Area(RootModel[dict[Annotated[str, Field(pattern=r"^[a-z0-9._-]+$")], Text]]):
    """The document of one area: key → sentence."""


@cache
def texts() -> Mapping[str, Text]:
    """`area.key` → sentence, of all areas. RuleError when a document is wrong."""
    return {
        f"{path.stem}.{key}": text
        for path in (*sorted(HERE.glob("*.yaml")), ACTS, PURPOSES)
        for key, text in documents.read(Area, path).root.items()
    }


def say(language: Language, key: str, **values: object) -> str:
    """A sentence in a language, with values in its places. KeyError for a key there is not."""
    return texts()[key].in_language(language, values).format(**values)
