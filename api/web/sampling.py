"""What the pages of samples have in common, an auditor's and a supervisor's: what their forms say, the thing that is
examined, the way on to the next."""

from __future__ import annotations

from typing import Any

from litestar import Response

from api.web.errors import Told
from api.web.flash import Flash
from api.web.forms import text
from api.web.pages import see_other
from matching.rules import KINDS, Kind
from mdm import sampling
from mdm.compose import Hub
from mdm.errors import InputError, UnknownError
from mdm.hub.tables import Sample, SampleItem
from mdm.sampling import Asked, ExaminedSample
from mdm.sampling.notes import LONGEST

NOTE = 4000  # characters of a comment that are looked at


def kind_of(data: dict[str, Any]) -> Kind:
    """The kind of entity a form names. InputError for none."""
    named = text(data, "jenis", 16)
    for kind in KINDS:
        if kind == named:
            return kind
    raise InputError("This is no kind of entity.", f"Name one of: {', '.join(KINDS)}.")


def wrong_draw(data: dict[str, Any]) -> str:
    """Why a draw was refused, as a key of the texts."""
    return (
        "auditor.sample.size" if not 0 < _count(data) <= sampling.MOST else "auditor.sample.empty"
    )


def wrong_word(data: dict[str, Any]) -> str:
    """Why a verdict was refused, as a key of the texts."""
    if text(data, "putusan", 16) not in sampling.VERDICTS:
        return "auditor.sample.no-verdict"
    long = len(text(data, "catatan", NOTE)) > LONGEST
    return "auditor.sample.note.long" if long else "auditor.sample.note.number"


def draw(hub: Hub, asked: Asked, data: dict[str, Any], actor: str) -> Sample:
    """Draw as many as a form wants, by its seed or a new one. InputError as the hub's."""
    return sampling.draw(
        hub,
        asked,
        _count(data),
        actor=actor,
        seed=text(data, "benih", 40) or None,
    )


def _count(data: dict[str, Any]) -> int:
    count = text(data, "jumlah", 6)
    return int(count) if count.isdecimal() else 0


def item_of(examined: ExaminedSample, n: int) -> SampleItem:
    """The n-th thing drawn, or a page that says that there is none."""
    for item in examined.items:
        if item.n == n:
            return item
    raise none()


def examine(hub: Hub, sample_id: str, n: int, data: dict[str, Any], actor: str) -> str:
    """Keep the verdict a form gives; return it. InputError as the hub's."""
    verdict, note = text(data, "putusan", 16), text(data, "catatan", NOTE)
    try:
        sampling.examine(hub, sample_id, n, verdict, actor=actor, note=note or None)
    except UnknownError:
        raise none() from None
    return verdict


def go_on(path: str, n: int, to: int | None) -> Response[bytes]:
    """From the n-th, which was examined, to another, or back to the sample."""
    flash = Flash("good", "auditor.sample.kept", {"n": n})
    return see_other(path + (f"/{to}" if to else ""), flash)


def none() -> Told:
    """There is no such sample, or no such thing in it."""
    return Told(404, "auditor.sample.none")
