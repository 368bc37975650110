"""Canonical JSON as RFC 8785 has it, and what all readers must understand alike."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.dci.canonical import EXACT, CanonicalError, canonical, read

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-EXACT, EXACT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=50, deadline=None)
@given(VALUES)
def test_it_means_the_same_and_is_written_one_way(value: Any) -> None:
    written = canonical(value)
    try:
        again = read(written)
    except CanonicalError:  # a float as long as 1e20 is written as a whole number
        assert "e" in json.dumps(value) or "0" in json.dumps(value)
        return
    assert again == value
    assert canonical(again) == written


@pytest.mark.parametrize(
    ("value", "text"),
    [  # appendix B of RFC 8785, and ECMAScript's borders
        (0.0, "0"),
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740992.0, "9007199254740992"),
        (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (1e21, "1e+21"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (-1.5e-6, "-0.0000015"),
        (0.00001234, "0.00001234"),
        (333333333.3333332, "333333333.3333332"),
    ],
)
def test_numbers_are_written_as_ecmascript_does(value: float, text: str) -> None:
    assert canonical(value) == text.encode()


def test_keys_stand_in_the_order_of_utf16() -> None:
    assert canonical({"\ufb33": 1, "\U0001f600": 2, "é": 3, "1": 4}) == (
        '{"1":4,"é":3,"😀":2,"\ufb33":1}'.encode()
    )


def test_control_characters_are_escaped_as_the_standard_says() -> None:
    assert canonical('\x00\b\t\n\f\r"\\/€\x7f') == (
        '"\\u0000\\b\\t\\n\\f\\r\\"\\\\/€\x7f"'.encode()
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        "NaN",
        "[Infinity]",
        "9007199254740993",
        "[3201154503880002000]",
        "{",
        "",
        "\xff",
        "[" * 100_000,
        "1e999",
    ],
)
def test_what_readers_would_read_differently_is_refused(text: str) -> None:
    with pytest.raises(CanonicalError):
        canonical(read(text.encode("latin-1")))


def test_half_a_character_cannot_be_written() -> None:
    with pytest.raises(CanonicalError):
        canonical(read(b'"\\ud800"'))
