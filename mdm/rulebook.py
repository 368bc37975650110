"""The rules in force: every rule document's text under one digest, so that an answer of the past can be replayed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import matching
from mdm.compose import Hub
from mdm.hub.tables import RuleSet
from reference.files import DATA

_HERE = Path(__file__).parent
_ROOMS = {"mdm": _HERE / "rules", "matching": Path(matching.__file__).parent / "rules"}


def documents(home: Path | None = None) -> dict[str, str]:
    """Name → text of all rule documents, those of the home included."""
    rooms = _ROOMS | ({"home": home / "contracts"} if home else {})
    return {
        f"{room}/{path.relative_to(folder)}": path.read_text(encoding="utf-8")
        for room, folder in sorted(rooms.items())
        for path in sorted(folder.rglob("*.yaml"))
    }


def record(hub: Hub) -> str:
    """Keep the rules in force in the hub, once; return their digest (SHA-256, hex)."""
    texts = documents(hub.settings.home)
    name = digest(texts)
    with hub.sessions.begin() as session:
        if session.get(RuleSet, name) is None:
            session.add(RuleSet(digest=name, documents=texts))
    return name


def digest(texts: Mapping[str, str]) -> str:
    """The digest of rule documents: SHA-256, hex."""
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()


def software() -> str:
    """What decides beside rules and facts: the release, and what it knows of the country. A digest (SHA-256, hex)."""
    made = hashlib.sha256(version("dtsen-hub").encode())
    for path in sorted(DATA.rglob("*.*")):
        made.update(path.relative_to(DATA).as_posix().encode())
        made.update(hashlib.sha256(path.read_bytes()).digest())
    return made.hexdigest()
