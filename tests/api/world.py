"""A small published hub for the tests of the service: five people in two regencies."""

from __future__ import annotations

from mdm.access import Principal
from mdm.compose import Hub
from tests.publish.golden import Golden, content, publish_golden

SITI, BUDI, AGUS, RINA = (
    "3201154503880002",
    "3201151207750001",
    "3201150101900003",
    "5171014404910004",
)
NOBODY = "3201150101010099"
BOGOR, DENPASAR = "3201150001", "5171010001"
ENTITY = {SITI: "a" * 32, BUDI: "b" * 32, AGUS: "90" * 16, RINA: "d" * 32}
FAMILY = {SITI: "e" * 32, BUDI: "e" * 32, RINA: "f" * 32}


def person(nik: str, name: str, region: str | None, **more: object) -> str:
    """The golden content of one person, in the family that FAMILY names."""
    domicile = {"domicile": {"address": "JL MAWAR 1", "region_today": region}} if region else {}
    family = FAMILY.get(nik)
    return content(
        links={"family": family} if family else {}, nik=nik, name=name, **domicile, **more
    )


def family(region: str, desil: int, *members: str) -> str:
    """The golden content of one family."""
    return content(
        "family",
        links={"members": [[ENTITY[nik], "HEAD"] for nik in members]},
        domicile={"address": "JL MAWAR 1", "region_today": region},
        ranking={"desil": desil, "desil_period": "2026Q3"},
    )


def people() -> Golden:
    """Siti and Budi are a family in Bogor, Agus lives nowhere known, Rina in Denpasar."""
    return Golden(
        persons={
            ENTITY[SITI]: (
                person(SITI, "SITI NURHALIZA", BOGOR, mother_name="AMINAH", religion="ISLAM"),
                [SITI],
            ),
            ENTITY[BUDI]: (person(BUDI, "BUDI SANTOSO", BOGOR), [BUDI]),
            ENTITY[AGUS]: (person(AGUS, "AGUS", None), [AGUS]),
            ENTITY[RINA]: (person(RINA, "NI LUH RINA", DENPASAR), [RINA]),
        },
        families={
            FAMILY[SITI]: family(BOGOR, 2, SITI, BUDI),
            FAMILY[RINA]: family(DENPASAR, 9, RINA),
        },
    )


def fill(hub: Hub) -> Hub:
    """Publish them."""
    publish_golden(hub, people())
    return hub


def staff(role: str, *regions: str) -> Principal:
    """A member of staff with one role."""
    return Principal(f"staff:{role}", "staff", frozenset([role]), regions or ("",))


def programme(
    *regions: str, purposes: tuple[str, ...] = ("assistance", "verification")
) -> Principal:
    """A programme's client."""
    return Principal(
        "client:pkh",
        "client",
        frozenset(["programme"]),
        regions or ("",),
        frozenset(purposes),
        programmes=frozenset(["PKH"]),
        agreement="A-1",
    )
