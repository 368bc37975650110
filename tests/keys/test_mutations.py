"""Ten thousand single-byte mutations of what is stored: each is found, and none leads to another."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select

from mdm.compose import Hub
from mdm.errors import IntegrityError
from mdm.homes import create_home
from mdm.hub.runs import published_seq
from mdm.hub.tables import DomainKeyRow, EntityKey, NikToken, SealedProfile
from mdm.judgements import unwrap_key, wrap_key
from mdm.opening import carriers
from mdm.seal import new_key, seal, unseal, unwrap_entity_key
from mdm.seal.packing import PACK_LZ4, PACK_NONE
from mdm.seal.profiles import profile_place
from mdm.seal.tokens import tokens_for
from tests.keys.test_rotation import numbers, person
from tests.publish.golden import Golden, publish_golden

MUTATIONS = 10_000
PEOPLE = 40
EARLIER = (PACK_NONE, PACK_LZ4)  # how profiles were packed before they had words of their own


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """A hub with some people; nothing here changes it."""
    hub = create_home(tmp_path_factory.mktemp("mutations") / "home")
    publish_golden(
        hub,
        Golden(
            persons={
                f"e{n:02d}": person(nik, name=f"N{n}") for n, nik in enumerate(numbers(PEOPLE))
            }
        ),
    )
    return hub


def bend(data: bytes, draw: random.Random) -> bytes:
    """The data with another byte in one place."""
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ draw.randrange(1, 256)]) + data[at + 1 :]


def survivors(things: list[tuple[bytes, Callable[[bytes], object]]], seed: int) -> list[bytes]:
    """Of many mutations of some things, those that open all the same."""
    draw, found = random.Random(seed), []
    for _ in range(MUTATIONS):
        data, opened = draw.choice(things)
        bent = bend(data, draw)
        try:
            opened(bent)
        except IntegrityError:
            continue
        found.append(bent)
    return found


def test_every_altered_byte_of_a_sealed_profile_is_found(published: Hub) -> None:
    wrapping = published.keys.domain("profile").subkey("wrap entity key")
    with published.sessions.read() as session:
        held = {one.entity_id: one for one in session.exec(select(EntityKey)).all()}
        profiles = session.exec(select(SealedProfile)).all()
    things: list[tuple[bytes, Callable[[bytes], object]]] = []
    for one in profiles:
        key = unwrap_entity_key(wrapping, one.entity_id, 1, held[one.entity_id].wrapped)
        place = profile_place(one.entity_id, one.version, one.key_id)
        assert one.ciphertext is not None
        plain = unseal(key, place, one.ciphertext)
        sealed = [one.ciphertext, *(seal(key, place, plain, packing) for packing in EARLIER)]
        things += [(data, lambda data, k=key, p=place: unseal(k, p, data)) for data in sealed]
    assert len({data[1] for data, _ in things}) == 1 + len(EARLIER)
    assert survivors(things, 1) == []


def test_every_altered_byte_of_a_wrapped_key_is_found(published: Hub) -> None:
    domain, provider = published.keys.domain("profile"), published.keys.provider
    wrapping = domain.subkey("wrap entity key")
    with published.sessions.read() as session:
        entities = session.exec(select(EntityKey)).all()
        domains = session.exec(select(DomainKeyRow)).all()
    things: list[tuple[bytes, Callable[[bytes], object]]] = [
        (one.wrapped, lambda data, i=one.entity_id: unwrap_entity_key(wrapping, i, 1, data))
        for one in entities
    ]
    for row in domains:
        context = f"dtsen/domain-key/{row.purpose}/{row.version}".encode()
        assert row.wrapped is not None
        things.append((row.wrapped, lambda data, c=context: provider.unwrap(data, c)))
    judged = wrap_key(domain, "j1", new_key())
    things.append((judged, lambda data: unwrap_key(domain, "j1", data)))
    assert survivors(things, 2) == []


def test_an_altered_token_leads_to_nobody(published: Hub) -> None:
    with published.sessions.read() as session:
        seq = published_seq(session)
        tokens = session.exec(select(NikToken.token)).all()
        assert len(tokens) == PEOPLE
        draw = random.Random(3)
        bent = {bend(draw.choice(tokens), draw) for _ in range(MUTATIONS)}
        assert carriers(session, bent, seq) == {}


def test_a_token_altered_in_the_database_loses_its_own_person_alone(tmp_path: Path) -> None:
    hub = create_home(tmp_path / "home")
    niks = numbers(PEOPLE)
    persons = {f"e{n:02d}": person(nik, name=f"N{n}") for n, nik in enumerate(niks)}
    publish_golden(hub, Golden(persons=persons))
    draw = random.Random(4)
    for nik in niks[: PEOPLE // 2]:
        (token,) = tokens_for(hub, nik)
        with hub.sessions.begin() as session:
            row = session.exec(select(NikToken).where(NikToken.token == token)).one()
            row.token = bend(token, draw)
    with hub.sessions.read() as session:
        seq = published_seq(session)
        for n, nik in enumerate(niks):
            found = carriers(session, tokens_for(hub, nik), seq)
            assert [one for some in found.values() for one in some] == (
                [] if n < PEOPLE // 2 else [f"e{n:02d}"]
            )
    hub.close()
