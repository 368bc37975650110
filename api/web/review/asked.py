"""What a request asks of the queue: filters from the query, and the query again for the next page."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from api.web.forms import number_of, text, unread
from api.web.pages import AnyRequest
from api.web.wording import Wording
from matching.rules import KINDS
from mdm.review.queue import Filters, Key
from mdm.review.terms import OPEN, PARKED
from reference.regions import full_name

QUEUE, NEXT, TASK, UNDO, SUPERVISION = (
    "/tinjau", "/tinjau/lanjut", "/tinjau/tugas/", "/tinjau/urung", "/tinjau/penyelia",
)  # fmt: skip
PARKED_QUEUE = f"{QUEUE}?keadaan=parkir"
_NAMES = ("wilayah", "jenis", "soal", "sebab", "sumber", "dari", "sampai", "keadaan")
_LONGEST = 80
BETWEEN = "lintas"  # after a region, or for one: what lies in no part of it alone
_STATES = {"parkir": PARKED}


@dataclass(frozen=True)
class Asked:
    """Filters as they stand in the address: name → text, only those given."""

    values: dict[str, str]

    @property
    def query(self) -> str:
        """`?…` for a link that keeps the filters; empty for none."""
        return f"?{urlencode(self.values)}" if self.values else ""

    def value(self, name: str) -> str:
        """What stands under a name; '' for nothing."""
        return self.values.get(name, "")

    @property
    def unread(self) -> frozenset[str]:
        """Filters of numbers that hold none: they filter nothing, and the page says so."""
        return unread(self.values, number_of, ("dari", "sampai"))

    @property
    def filters(self) -> Filters:
        """The filters in the domain's terms."""
        region = self.value("wilayah").replace(".", "")
        return Filters(
            region=region.removesuffix(BETWEEN).rstrip("-") or None,
            between=region.endswith(BETWEEN),
            kind=self.value("jenis") or None,
            question=self.value("soal") or None,
            reason=self.value("sebab") or None,
            source=self.value("sumber") or None,
            weight_from=number_of(self.value("dari")),
            weight_to=number_of(self.value("sampai")),
            status=_STATES.get(self.value("keadaan"), OPEN),
        )


def between_in(region: str) -> str:
    """The filter `wilayah` for what lies in no part of a province alone, or of the country ('')."""
    return f"{region}-{BETWEEN}" if region else BETWEEN


def region_words(words: Wording, asked: str) -> str:
    """What a value of the filter `wilayah` is called."""
    region = asked.removesuffix(BETWEEN).rstrip("-")
    if not region:
        return words.t("reviewing.country")
    name = full_name(region) or region
    return words.t("reviewing.between", region=name) if asked.endswith(BETWEEN) else name


def asked_of(request: AnyRequest) -> Asked:
    """The filters of a request; what is no filter, or too long to be one, is left out."""
    found = {name: text(request.query_params, name, _LONGEST + 1) for name in _NAMES}
    if found["jenis"] not in KINDS:
        del found["jenis"]
    return Asked({name: said for name, said in found.items() if 0 < len(said) <= _LONGEST})


def key_of(request: AnyRequest) -> Key | None:
    """Where the page before ended: `sesudah=<rank>,<id>`."""
    rank, _, identity = request.query_params.get("sesudah", "").partition(",")
    place = number_of(rank)
    return None if place is None or not identity.isalnum() else Key(place, identity)
