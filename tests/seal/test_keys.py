"""The key chain: what is wrapped, rotated, destroyed, and what still opens after."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from mdm.compose import Hub
from mdm.errors import AccessError, HomeError, IntegrityError
from mdm.homes import open_home
from mdm.keys import PURPOSES, DomainKey
from mdm.keys.keyfile import LocalKeyFile


@pytest.fixture
def provider(tmp_path: Path) -> LocalKeyFile:
    return LocalKeyFile.create(tmp_path / "root.key")


def test_a_wrapped_key_opens_in_its_context_only(provider: LocalKeyFile) -> None:
    wrapped = provider.wrap(b"k" * 32, b"profile/1")
    assert provider.unwrap(wrapped, b"profile/1") == b"k" * 32
    with pytest.raises(IntegrityError):
        provider.unwrap(wrapped, b"profile/2")


def test_every_changed_byte_of_a_wrapped_key_is_found(provider: LocalKeyFile) -> None:
    wrapped = provider.wrap(b"k" * 32, b"c")
    for at in range(len(wrapped)):
        altered = bytearray(wrapped)
        altered[at] ^= 1
        with pytest.raises(IntegrityError):
            provider.unwrap(bytes(altered), b"c")
    with pytest.raises(IntegrityError):
        provider.unwrap(b"", b"c")


def test_rotation_wraps_anew_and_still_opens_the_old(provider: LocalKeyFile) -> None:
    old = provider.wrap(b"k" * 32, b"c")
    mac = provider.mac(b"data", b"c")
    assert provider.rotate() == 2 == provider.version
    assert provider.unwrap(old, b"c") == b"k" * 32
    assert provider.mac(b"data", b"c") == mac
    provider.destroy(1)
    with pytest.raises(IntegrityError):
        provider.unwrap(old, b"c")


def test_the_active_root_version_cannot_be_destroyed(provider: LocalKeyFile) -> None:
    with pytest.raises(AccessError):
        provider.destroy(1)


def test_a_key_file_is_read_back_as_it_was(tmp_path: Path, provider: LocalKeyFile) -> None:
    wrapped = provider.wrap(b"k" * 32, b"c")
    provider.rotate()
    again = LocalKeyFile.create(tmp_path / "root.key")
    assert again.version == 2
    assert again.unwrap(wrapped, b"c") == b"k" * 32


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 2, "keys": {}}', "not json"])
def test_a_damaged_key_file_says_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "root.key"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(HomeError):
        LocalKeyFile(path)


def test_every_purpose_has_a_key_of_its_own(hub: Hub) -> None:
    secrets = {hub.keys.domain(purpose).secret for purpose in PURPOSES}
    assert len(secrets) == len(PURPOSES)


def test_subkeys_of_one_key_differ_by_label() -> None:
    one, other = DomainKey("profile", 1, b"s" * 32), DomainKey("lake", 1, b"s" * 32)
    subkeys = {one.subkey("a"), one.subkey("b"), other.subkey("a")}
    assert len(subkeys) == 3
    assert "s" * 8 not in repr(one)


def test_a_rotated_domain_key_leaves_the_old_one_to_open(hub: Hub) -> None:
    first = hub.keys.domain("profile")
    with hub.sessions.begin() as session:
        assert hub.keys.rotate(session, "profile") == 2
    assert hub.keys.domain("profile").version == 2
    assert hub.keys.domain("profile", 1) == first
    assert hub.keys.versions("profile") == [1, 2]
    with hub.sessions.begin() as session:
        hub.keys.destroy(session, "profile", 1)
    with pytest.raises(IntegrityError):
        hub.keys.domain("profile", 1)
    assert open_home(hub.settings.home).keys.versions("profile") == [2]


def test_an_active_domain_key_cannot_be_destroyed(hub: Hub) -> None:
    with pytest.raises(AccessError), hub.sessions.begin() as session:
        hub.keys.destroy(session, "profile", 1)


def test_the_root_key_can_be_replaced_without_losing_anything(hub: Hub) -> None:
    secret = hub.keys.domain("profile").secret
    home = hub.settings.home
    root = LocalKeyFile(hub.settings.root_key)
    root.rotate()
    rotated = open_home(home)
    with rotated.sessions.begin() as session:
        assert rotated.keys.rewrap(session) == len(PURPOSES)
    LocalKeyFile(hub.settings.root_key).destroy(1)
    assert open_home(home).keys.domain("profile").secret == secret
    keys = json.loads(hub.settings.root_key.read_text())["keys"]
    assert keys["1"] == {"state": "destroyed", "key": None}


def test_a_domain_key_moved_to_another_purpose_does_not_open(hub: Hub) -> None:
    with hub.sessions.connect() as connection:
        connection.execute(
            sa.text(
                "UPDATE domain_key SET wrapped = "
                "(SELECT wrapped FROM domain_key WHERE purpose = 'lake') "
                "WHERE purpose = 'profile'"
            )
        )
    with pytest.raises(IntegrityError):
        open_home(hub.settings.home).keys.domain("profile")
