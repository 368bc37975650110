"""The scenarios that ship, by name; light to import, for whoever only names them."""

from __future__ import annotations

from pathlib import Path

HOME = Path(__file__).parent / "scenarios"


def shipped() -> list[str]:
    """Their names, in order."""
    return sorted(path.stem for path in HOME.glob("*.yaml"))
