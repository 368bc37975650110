"""What the documents name is there: files and folders, verbs of `dtsen` with their options, targets of make."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import click
import pytest

from mdm.cli.app import app

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "bench" / "README.md",
]
ROOMS = (
    "api",
    "bench",
    "docs",
    "matching",
    "mdm",
    "migrations",
    "reference",
    "synthetic",
    "tests",
    ".ci",
)
ENDINGS = (".py", ".md", ".yaml", ".html", ".css", ".js", ".lock", ".png", ".toml")
ELSEWHERE = {"bast.yaml", "dtsen.yaml"}  # what others write, or a home holds
PROPOSED = {"matching/models/"}  # what a decision decided against, or argues with


@pytest.fixture(params=DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def document(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@cache
def standing() -> list[str]:
    """Every file and folder of the project, each as `/its/path`."""
    rooms = [
        path
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if "__pycache__" not in path.parts
    ]
    return [
        f"/{path.relative_to(ROOT)}"
        for path in [*ROOT.iterdir(), *(ROOT / room for room in ROOMS), *rooms]
    ]


def test_every_file_named_is_there(document: Path) -> None:
    text = document.read_text("utf-8")
    spans = re.findall(r"`([\w.-][\w./-]*)`", text) + re.findall(r"\]\(([\w./-]+)\)", text)
    named = {
        span
        for span in spans
        if span.endswith(ENDINGS) or (span.partition("/")[0] in ROOMS and "/" in span)
    }
    missing = {
        span
        for span in named - ELSEWHERE - PROPOSED
        if not any(path.endswith(f"/{span.strip('/')}") for path in standing())
    }
    assert not missing


def test_every_verb_and_option_named_is_there(document: Path) -> None:
    text = document.read_text("utf-8").replace("\\\n", " ")
    wrong = [
        line
        for line in re.findall(r"\bdtsen((?: +[^\s`|()#,;\"':]+)+)", text)
        if _unknown(line.split())
    ]
    assert not wrong


def _unknown(words: list[str]) -> bool:
    """Whether the words, up to the first that is an argument, name what there is not."""
    command: click.Command = app
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            if word not in {"--home", "--json", "--help"} | _options(command):
                return True
            if word == "--home" and words:
                words.pop(0)
        elif isinstance(command, click.Group):
            found = command.get_command(click.Context(command), word)
            if found is None:  # an argument in the place of a verb is written large, or left open
                return word.islower() and word.isascii() and word.isalpha()
            command = found
    return False


def _options(command: click.Command) -> set[str]:
    return {option for one in command.params for option in (*one.opts, *one.secondary_opts)}


def test_every_target_of_make_named_is_there(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert (
        set(re.findall(r"(?:`|^)make ([a-z]+)", document.read_text("utf-8"), re.MULTILINE))
        <= targets
    )


def test_every_option_of_every_verb_says_what_it_is() -> None:
    def silent(group: click.Group, above: click.Context) -> list[str]:
        found = []
        for name in group.list_commands(above):
            verb = group.get_command(above, name)
            assert verb is not None
            context = click.Context(verb, parent=above, info_name=name)
            assert verb.help, context.verbpath
            if isinstance(verb, click.Group):
                found += silent(verb, context)
            found += [
                f"{context.verbpath} {one.opts[0]}"
                for one in verb.params
                if isinstance(one, click.Option) and not one.help
            ]
        return found

    assert not silent(app, click.Context(app, info_name="dtsen"))
