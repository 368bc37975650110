"""Help in plain words, a page per room, and the guided tour over the demonstration.

A topic's page is what `texts/help.yaml` holds under `<topic>.title` and `<topic>.<number>.q` and `.a`
(question, answer); a room adds its topic there and names it in TOPICS.
"""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from api.actions import declares
from api.web.pages import AnyRequest, page
from api.web.texts import texts
from api.web.visitor import visitor_of

#: Topic → as the address says it, in the order of the list.
TOPICS = {
    "masuk": "signin",
    "beranda": "home",
    "tinjau": "review",
    "perbaikan": "corrections",
    "telusur": "trace",
    "operasi": "operations",
    "akun": "accounts",
    "umum": "public",
}


@dataclass(frozen=True)
class Step:
    """A question with its answer; of the tour: who does what, and where. Keys of the texts. `closed`: the role at hand
    does not lead there."""

    title: str
    text: str
    path: str | None = None
    closed: bool = False


@dataclass(frozen=True)
class HelpPage:
    """One topic, or the list of all. `topics`: (address, key of the title)."""

    title: str
    steps: list[Step]
    topics: list[tuple[str, str]]


#: The tour: key of the step → where it leads, and what one must be allowed there; "": nothing.
TOUR = {
    "one": ("/masuk", ""),
    "two": ("/tinjau", "review.list"),
    "three": ("/perbaikan", "correction.read"),
    "four": ("/telusur", "audit.trace"),
    "five": ("/operasi", "operations.read"),
    "six": ("/publik", ""),
}


@declares("page.open")
@get("/bantuan", sync_to_thread=True)
def contents(request: AnyRequest) -> Response[bytes]:
    """What there is help for."""
    return page(request, "overview/help.html", HelpPage("help.title", [], _topics()))


@declares("page.open")
@get("/bantuan/{topic:str}", sync_to_thread=True)
def topic(request: AnyRequest, topic: FromPath[str]) -> Response[bytes]:
    """Help for one room."""
    if topic not in TOPICS:
        raise NotFoundException
    stem = f"help.{TOPICS[topic]}."
    numbers = sorted(
        key.removesuffix(".q") for key in texts() if key.startswith(stem) and key.endswith(".q")
    )
    steps = [Step(f"{one}.q", f"{one}.a") for one in numbers]
    return page(request, "overview/help.html", HelpPage(f"{stem}title", steps, _topics()))


@declares("page.open")
@get("/tur", sync_to_thread=True)
def tour(request: AnyRequest) -> Response[bytes]:
    """Through the workbench of a demonstration, step by step; a stranger is asked in where a step leads."""
    visitor = visitor_of(request)
    steps = [
        Step(
            f"help.tour.{one}.title",
            f"help.tour.{one}.text",
            path,
            bool(action and visitor.principal and not visitor.may(action)),
        )
        for one, (path, action) in TOUR.items()
    ]
    return page(request, "overview/tour.html", HelpPage("help.tour.title", steps, []))


def _topics() -> list[tuple[str, str]]:
    return [(f"/bantuan/{at}", f"help.{name}.title") for at, name in TOPICS.items()]
