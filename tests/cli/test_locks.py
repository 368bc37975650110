"""Two locks of one choice: what developers use, and the part of it that serves."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PACKAGE = re.compile(
    r"^([\w.-]+)==(\S+).*?((?:\n    --hash=sha256:[0-9a-f]{64}.*)+)", re.MULTILINE
)


def locked(name: str) -> dict[tuple[str, str], frozenset[str]]:
    """Package and version → the digests of its files."""
    text = (ROOT / name).read_text("utf-8").replace(" \\", "")
    return {
        (package, version): frozenset(re.findall("[0-9a-f]{64}", hashes))
        for package, version, hashes in _PACKAGE.findall(text)
    }


def test_what_serves_is_a_part_of_what_is_tested() -> None:
    tested, serves = locked("requirements.lock"), locked("requirements-run.lock")
    assert len(serves) > 50
    assert {one: tested.get(one) for one in serves} == serves


def test_what_serves_brings_no_tools_of_developers() -> None:
    names = {package for package, _ in locked("requirements-run.lock")}
    assert names.isdisjoint({"pytest", "hypothesis", "playwright", "mypy", "ruff", "schemathesis"})
    assert {"litestar", "splink", "duckdb", "cryptography"} <= names


def test_no_lock_names_where_packages_come_from() -> None:
    for name in ("requirements.lock", "requirements-run.lock"):
        assert "://" not in (ROOT / name).read_text("utf-8")
