"""The places of the country as DCI lists them: provinces and regencies of today's edition.

Districts and villages are left out (91,000 places): the first digits of a code name its parents.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from reference.regions import children, place_name

EDITION_DATE = "2025-06-23T00:00:00+07:00"  # Kepmendagri 300.2.2-2430/2025
SYSTEM = "kemendagri-2025"
CONTEXT = {
    "@context": "http://spdci.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "schema": "http://schema.org/",
}


@cache
def locations() -> bytes:
    """The list, as it is sent."""
    places = [_place(province, "province", None) for province in children("")]
    for province in children(""):
        places += [_place(regency, "regency", province) for regency in children(province)]
    said = {
        "@context": CONTEXT,
        "@type": "LocationHierarchy",
        "last_updated": EDITION_DATE,
        "locations": places,
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _place(code: str, level: str, parent: str | None) -> dict[str, Any]:
    """One place. The parent stands under both names that the specification has for it."""
    return {
        "@type": "Place",
        "id": code,
        "identifier": [{"@type": "PropertyValue", "name": SYSTEM, "identifier": code}],
        "name": place_name(code),
        "additional_type": level,
        "containedInPlace": parent,
        "contained_in_place": parent,
    }
