"""A sealed value opens in its own place only, and not after any change."""

from __future__ import annotations

import hmac
from base64 import b85decode
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdm.errors import InputError, IntegrityError
from mdm.seal import (
    Mac,
    Place,
    new_key,
    nik_token,
    normal_nik,
    seal,
    unseal,
    unwrap_entity_key,
    wrap_entity_key,
)
from mdm.seal.packing import (
    PACK_LZ4,
    PACK_NONE,
    PACK_PROFILE,
    PACK_ZLIB,
    UNPACKABLE,
    pack,
    unpack,
)

KEY = bytes(range(32))
PLACE = Place("sealed_profile", "ciphertext", "e1", 1, 1)
places = st.builds(
    Place,
    table=st.text(max_size=6),
    column=st.text(max_size=6),
    entity_id=st.text(max_size=6),
    version=st.integers(0, 2**31),
    key_id=st.integers(0, 2**31),
)
PROFILE_OF_2026 = (
    '{"agreed":{"birth":[{"birth_date":"1968-02-20","birth_date_precision":"day"},0,1],'
    '"name":["NGAMISIH SAFITRI",0,1],"sex":["F",0,1]},"contested":{},"identity_status":"verified",'
    '"kind":"person","links":{},"records":[],"regions":"kemendagri-2025","rules":"7c677c80944066"}'
)
PACKED_IN_2026 = "D77#BU<?4I0RWT11Z(55(Jsx%b9pLF1X^}j9j1N*3;diyr<P>eOw6Gld^drux!KX)^BIp0CK5HJ@J|"
PACKINGS = (PACK_NONE, PACK_ZLIB, PACK_LZ4, PACK_PROFILE)
packings = st.sampled_from(PACKINGS)


@given(st.binary(max_size=3000), places, packings)
def test_what_was_sealed_opens_again(plain: bytes, place: Place, packing: int) -> None:
    assert unseal(KEY, place, seal(KEY, place, plain, packing)) == plain


@given(places, places)
def test_a_value_does_not_open_in_another_place(here: Place, there: Place) -> None:
    sealed = seal(KEY, here, b"value")
    if here != there:
        with pytest.raises(IntegrityError):
            unseal(KEY, there, sealed)


@given(places, places)
def test_no_two_places_look_the_same(here: Place, there: Place) -> None:
    assert (here.associated(b"h") == there.associated(b"h")) == (here == there)


@pytest.mark.parametrize("packing", PACKINGS)
def test_every_single_changed_byte_is_found(packing: int) -> None:
    sealed = seal(KEY, PLACE, b"SITI NURHALIZA " * 3, packing)
    for at in range(len(sealed)):
        for flip in (0x01, 0x80, 0xFF):
            altered = bytearray(sealed)
            altered[at] ^= flip
            with pytest.raises(IntegrityError):
                unseal(KEY, PLACE, bytes(altered))


@given(st.lists(st.binary(max_size=2000), min_size=8, max_size=40))
@settings(max_examples=20)
def test_profiles_are_packed_and_unpacked_by_many_threads_at_once(plain: list[bytes]) -> None:
    def there_and_back(value: bytes) -> bytes:
        return unpack(pack(value, PACK_PROFILE), PACK_PROFILE)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(there_and_back, plain * 20)) == plain * 20


def test_what_was_packed_with_the_first_words_still_opens() -> None:
    """Profiles sealed years ago are opened by the dictionary of then: were its file another one, they would be lost."""
    assert unpack(b85decode(PACKED_IN_2026), PACK_PROFILE) == PROFILE_OF_2026.encode()


@given(st.binary(max_size=200))
def test_what_is_not_packed_does_not_unpack(junk: bytes) -> None:
    with pytest.raises(UNPACKABLE):
        unpack(b"{" + junk, PACK_PROFILE)


def test_a_forged_length_asks_for_no_memory() -> None:
    header = b"\x28\xb5\x2f\xfd\xe0" + (1 << 40).to_bytes(8, "little")
    with pytest.raises(ValueError, match="packing"):
        unpack(header, PACK_PROFILE)


def test_every_truncation_is_found() -> None:
    sealed = seal(KEY, PLACE, b"value")
    for length in range(len(sealed)):
        with pytest.raises(IntegrityError):
            unseal(KEY, PLACE, sealed[:length])


def test_another_key_does_not_open() -> None:
    with pytest.raises(IntegrityError):
        unseal(new_key(), PLACE, seal(KEY, PLACE, b"value"))


def test_the_same_value_never_looks_the_same() -> None:
    assert len({seal(KEY, PLACE, b"value") for _ in range(200)}) == 200


def test_a_plain_value_is_not_in_what_is_sealed() -> None:
    assert b"SUTRISNO" not in seal(KEY, PLACE, b"SUTRISNO", PACK_NONE)


def test_an_entity_key_opens_for_its_entity_only() -> None:
    key = new_key()
    wrapped = wrap_entity_key(KEY, "e1", 3, key)
    assert unwrap_entity_key(KEY, "e1", 3, wrapped) == key
    for entity_id, key_id in (("e2", 3), ("e1", 4)):
        with pytest.raises(IntegrityError):
            unwrap_entity_key(KEY, entity_id, key_id, wrapped)


niks = st.text("0123456789", min_size=16, max_size=16)


@given(niks, st.sampled_from([" ", ".", "-", "  "]))
def test_a_nik_has_one_token_however_it_is_written(nik: str, between: str) -> None:
    spaced = between.join(nik[i : i + 4] for i in range(0, 16, 4))
    token = nik_token(KEY, nik, "nik_token", "lookup")
    assert len(token) == 16
    assert nik_token(KEY, f" {spaced} ", "nik_token", "lookup") == token


@given(niks, niks)
@settings(max_examples=200)
def test_tokens_tell_niks_tables_purposes_and_keys_apart(one: str, other: str) -> None:
    tokens = {
        nik_token(KEY, one, "nik_token", "lookup"),
        nik_token(KEY, one, "nik_token", "export"),
        nik_token(KEY, one, "export", "nik_token"),
        nik_token(KEY, one, "nik_tokenlookup", ""),
        nik_token(KEY[::-1], one, "nik_token", "lookup"),
        nik_token(KEY, other, "nik_token", "lookup"),
    }
    assert len(tokens) == (5 if one == other else 6)


WIDE = "".join(chr(ord("０") + int(digit)) for digit in "3201154503880002")  # not ASCII digits


@pytest.mark.parametrize("text", ["", "12", "32011545038800021", "3201154503880O02", WIDE, "3E+15"])
def test_what_is_no_nik_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InputError) as error:
        normal_nik(text)
    assert not text or text not in error.value.message + error.value.hint


def test_a_mac_depends_on_message_key_and_prefix() -> None:
    macs = {Mac(KEY)(b"a"), Mac(KEY)(b"b"), Mac(KEY[::-1])(b"a"), Mac(KEY, b"b")(b"a")}
    assert len(macs) == 4


@given(st.binary(min_size=1, max_size=100), st.binary(), st.binary())
def test_a_mac_is_hmac_sha256_over_prefix_and_message(
    key: bytes, prefix: bytes, message: bytes
) -> None:
    mac = Mac(key, prefix)
    assert [mac(message) for _ in range(2)] == [hmac.digest(key, prefix + message, "sha256")] * 2
