"""Records of DCI: Member and Group, made from what a client may see.

What is not known and what may not be seen are both left out: they look the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from api.dci.mapping import Concept, IdentifierKind, mapping
from api.dci.seen import Found, Seen

Pseudonym = Callable[[str], str]  # entity id → what this client calls it
Record = dict[str, Any]
COUNTRY = "IDN"


def member(found: Found, pseudonym: Pseudonym) -> Record:
    """One person as a Member."""
    person = found.person
    named = pseudonym(person.entity_id)
    nik = _identifiers(("nik", person.get("nik")))
    relationship = _code("relationship", person.get("relationship"))
    return _some(
        {
            "@context": mapping().context,
            "@type": "Member",
            "@id": f"urn:dtsen:person:{named}",
            "member_identifier": [*_identifiers(("pseudonym", named)), *nik],
            "demographic_info": _demographic(person, nik),
            "related_person": _related(found, relationship, pseudonym),
            **_disability(person),
            "marital_status": _code("marital_status", person.get("marital_status")),
            "occupation": person.get("occupation"),
            "education_level": _code("education", person.get("education")),
            "last_updated": person.updated,
            "additional_attributes": _additional(
                {
                    "full_name": person.get("name"),
                    "identity_status": person.status,
                    "under_review": found.doubt,
                    "birth_date_precision": person.get("birth", "birth_date_precision"),
                    "relationship": None if relationship else person.get("relationship"),
                    **{name: person.get(name) for name in ("pkh", "sembako", "pbi", "pregnant")},
                    **_region(person),
                }
            ),
        }
    )


def family(found: Found, pseudonym: Pseudonym) -> Record:
    """A person's family as a Group. ValueError when the person has none to see."""
    seen = found.family
    if seen is None:
        raise ValueError("no family")
    named, score = pseudonym(seen.entity_id), mapping().poverty_score
    members = list(found.members)
    # The late head often stays on the card as its head, beside who followed.
    heads = sorted(
        (one for one in members if one.person.get("relationship") == "HEAD"),
        key=lambda one: one.dead,
    )
    desil = seen.get("ranking", score.attribute)
    return _some(
        {
            **_group("family", named),
            "group_identifier": _identifiers(("kk", seen.get("kk")), ("pseudonym", named)),
            **_place(seen),
            "poverty_score": desil,
            "poverty_score_type": score.type if desil is not None else None,
            "group_head_info": member(heads[0], pseudonym) if heads else None,
            "group_size": len(members) or None,  # as many as stand below: of others nothing is told
            "member_list": [member(one, pseudonym) for one in members],
            "last_updated": seen.updated,
            "additional_attributes": _additional(
                {
                    "head_name": seen.get("head_name"),
                    "desil_period": seen.get("ranking", "desil_period"),
                    **_region(seen),
                }
            ),
        }
    )


def household(found: Found, pseudonym: Pseudonym) -> Record:
    """The dwelling a person lives in as a Group. ValueError when there is none to see."""
    seen = found.household
    if seen is None:
        raise ValueError("no household")
    named = pseudonym(seen.entity_id)
    return _some(
        {
            **_group("household", named),
            "group_identifier": _identifiers(("pseudonym", named)),
            **_place(seen),
            "last_updated": seen.updated,
            "additional_attributes": _additional(
                {"family_count": seen.get("family_count"), **_region(seen)}
            ),
        }
    )


def _group(kind: str, named: str) -> Record:
    return {
        "@context": mapping().context,
        "@type": "Group",
        "@id": f"urn:dtsen:{kind}:{named}",
        "group_type": mapping().group_types["family" if kind == "family" else "household"].code,
    }


def _demographic(person: Seen, nik: list[Record]) -> Record:
    return _some(
        {
            "@type": "SRPerson",
            "identifier": nik,
            "name": _name(person.get("name")),
            "sex": _code("sex", person.get("sex")),
            "birth_date": person.get("birth", "birth_date"),
            "death_date": person.get("life", "death_date"),
            "address": list(filter(None, (_address(person),))),
        }
    )


def _name(name: Any) -> Record | None:
    """The whole name as the given name: most people have no surname, and none can be told apart."""
    return {"@type": "Name", "given_name": name, "surname": ""} if name else None


def _related(found: Found, relationship: str | None, pseudonym: Pseudonym) -> list[Record]:
    """How the person stands to the head of the family, who is named by the family."""
    if relationship is None or found.family is None:
        return []
    group = f"urn:dtsen:family:{pseudonym(found.family.entity_id)}"
    return [{"@type": "RelatedPerson", "relationship_type": relationship, "related_group": group}]


def _disability(person: Seen) -> Record:
    kind = person.get("disability")
    if kind is None:
        return {}
    disabled = kind != "NONE"
    info = [{"@type": "DisabilityInfo", "disability_type": kind}] if disabled else None
    return {"is_disabled": disabled, "disability_info": info}


def _address(seen: Seen) -> Record | None:
    """Where the entity is found in the field."""
    home = seen.get("domicile")
    if not isinstance(home, Mapping):
        return None
    units = [f"{word} {home[part]}" for part, word in (("rt", "RT"), ("rw", "RW")) if part in home]
    line = ", ".join(map(str, filter(None, (home.get("address"), *units, home.get("hamlet")))))
    return _some(
        {
            "@type": "Address",
            "street_address": line,
            "city": home.get("village_name"),
            "postal_code": home.get("postal_code"),
            "country": COUNTRY,
        }
    )


def _place(seen: Seen) -> Record:
    address = _address(seen)
    where = [seen.get("location", part) for part in ("latitude", "longitude")]
    geo = {"@type": "GeoCoordinates", "latitude": str(where[0]), "longitude": str(where[1])}
    place = {"@type": "Place", "geo": geo if None not in where else None}
    line = (
        ", ".join(
            str(address[part])
            for part in ("street_address", "city", "postal_code")
            if part in address
        )
        if address
        else None
    )
    known = _some({**place, "address": line})
    return {"place": known if len(known) > 1 else None, "address": [address] if address else None}


def _region(seen: Seen) -> Record:
    """Code, system and edition: a bare region code is ambiguous in Indonesia."""
    code = seen.get("domicile", "region_today") or seen.get("region_today")
    return {"region_code": code, "region_code_system": seen.regions if code else None}


def _identifiers(*named: tuple[IdentifierKind, Any]) -> list[Record]:
    return [
        {
            "@type": "Identifier",
            "identifier_type": mapping().identifiers[kind].answer,
            "identifier_value": value,
        }
        for kind, value in named
        if value is not None
    ]


def _code(concept: Concept, canonical: Any) -> str | None:
    return mapping().code(concept, canonical) if canonical is not None else None


def _additional(said: Mapping[str, Any]) -> list[Record]:
    return [{name: value} for name, value in said.items() if value is not None]


def _some(record: Mapping[str, Any]) -> Record:
    """The record without what is empty."""
    return {name: value for name, value in record.items() if _stands(value)}


def _stands(value: Any) -> bool:
    return value is not None and value not in ("", [], {})
