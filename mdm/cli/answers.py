"""Answers: one JSON document for machines, tables for people."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from mdm.cli.session import Session


def plain(value: Any) -> Any:
    """The value as JSON knows it: dataclasses become objects, dates and paths text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, BaseModel):
        return plain(value.model_dump())
    if isinstance(value, Mapping):
        return {str(plain(k)): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    match value:
        case enum.Enum():
            return value.value
        case datetime.date():
            return value.isoformat()
        case Path():
            return str(value)
        case _:
            return value


def emit_json(session: Session, document: Any) -> None:
    """One document on stdout, whatever the width of the terminal."""
    session.write(json.dumps(plain(document), ensure_ascii=False, indent=2, default=str))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Group:
    """A table whose numbers stand to the right, with thousands apart."""
    made = Table(header_style="dim", box=SIMPLE_HEAD, pad_edge=False)
    for position, name in enumerate(columns):
        numbers = all(isinstance(row[position], (int, float)) for row in rows) and bool(rows)
        made.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*(cell(value) for value in row))
    # A title of the table's own would be folded to the table's width.
    return Group(Text(title, style="bold"), made)


def cell(value: Any) -> Text:
    """One value as a person reads it; never read as markup."""
    if isinstance(value, Text):
        return value
    if value is None:
        return Text("–", style="dim")
    return Text(_words(value))


def _words(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.4g}" if abs(value) < 1 else f"{value:,.1f}"
        case datetime.datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case _:
            return str(value)


def say(session: Session, message: str) -> None:
    """A sentence of the answer, for people: folded between words where the terminal ends."""
    session.out.print(Text(message))


def say_exactly(session: Session, text: str) -> None:
    """What a program reads, to the letter, whatever the width: a key, a signed note, a proof."""
    session.out.print(Text(text), soft_wrap=True)


def done(session: Session, sentence: str) -> None:
    """That an act is done: a sentence, or `done` for machines."""
    if session.json:
        emit_json(session, {"done": True})
    else:
        say(session, sentence)
