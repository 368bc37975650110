"""Replacing the profile key: nothing is lost, and the old key is not destroyed too early."""

from __future__ import annotations

import pytest

from mdm.compose import Hub, open_home
from mdm.errors import IntegrityError
from mdm.lookup import open_profile
from mdm.rewrap import retire_profile_key, rewrap_entity_keys
from tests.publish.golden import Golden, content, publish_golden


def test_after_a_rewrap_the_old_key_can_go(hub: Hub) -> None:
    text = content(name="SITI")
    publish_golden(hub, Golden({"e1": (text, []), "e2": (content(name="BUDI"), [])}))
    with hub.sessions.begin() as session:
        hub.keys.rotate(session, "profile")
    with pytest.raises(IntegrityError, match="still wrapped"):
        retire_profile_key(hub, 1, actor="keeper")
    assert rewrap_entity_keys(hub, actor="keeper") == 2
    assert rewrap_entity_keys(hub, actor="keeper") == 0
    retire_profile_key(hub, 1, actor="keeper")
    again = open_home(hub.settings.home)
    with again.sessions.read() as session:
        assert open_profile(again, session, "e1") == (1, text)
    assert publish_golden(again, Golden({"e1": (text, [])}))["person"].sealed == 1
