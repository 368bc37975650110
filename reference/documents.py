"""YAML as our documents are read: plain values, by the parser in C where the machine has it."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import ValidationError

# The one in Python takes ten times as long: a third of a second for all rules of one run.
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TWICE = "names a thing twice in one place"


class _Loader(_PARSER):  # type: ignore[misc]
    """YAML lets a name stand twice in one place, and forgets what came first: a rule or a sentence would be lost."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set[str]()
        for name, _ in node.value:
            if not isinstance(name, yaml.ScalarNode):
                continue
            if name.value in seen:
                raise yaml.constructor.ConstructorError(None, None, _TWICE, name.start_mark)
            seen.add(name.value)
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


def read_yaml(text: str) -> Any:
    """What a document says. yaml.YAMLError where it is not YAML, or names a thing twice in one place."""
    return yaml.load(text, Loader=_Loader)


def unreadable(error: yaml.YAMLError) -> str:
    """Where a text stops being YAML, as far as the parser tells; never what stands there."""
    what = _TWICE if getattr(error, "problem", None) == _TWICE else "is not YAML"
    mark = getattr(error, "problem_mark", None)
    return f"{what} (line {mark.line + 1})" if mark else what


# What the parser of models calls in words of its own, in ours.
_WORDS = {"extra_forbidden": "there is nothing of this name", "missing": "is missing"}


def faults(error: ValidationError, most: int | None = None) -> str:
    """What a strict model found wrong, each with its place; never a value that stood there."""
    return "; ".join(
        ": ".join(filter(None, (".".join(map(str, one["loc"])), _said(one["type"], one["msg"]))))
        for one in error.errors(include_url=False, include_input=False)[:most]
    )


def _said(kind: str, message: str) -> str:
    return _WORDS.get(kind, message.removeprefix("Value error, "))
