"""The service with one more route that does nothing, to measure against: `python -m bench.served HOME PORT`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from litestar import Litestar, Request, Response, post
from litestar.params import JSONBody

from api.actions import declares
from api.app import create_app
from api.context import principal_of
from api.guard import require
from api.logs import Log
from api.ready import Ready
from api.schemas.lookup import LookupQuestion
from api.serve import HOME, serve, tune
from mdm.homes import open_home


@declares("profile.lookup")
@post("/bench/noop", status_code=200)
async def noop(request: Request, data: JSONBody[LookupQuestion]) -> Response[bytes]:  # type: ignore[type-arg]
    """All that a lookup goes through on its way in and out, and nothing in between."""
    require(principal_of(request), "profile.lookup", data.purpose)
    return Ready(b'{"nothing":true}')


def application() -> Litestar:
    """What each server process runs. Its log goes nowhere: a disk is not what is measured."""
    nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    hub = open_home(Path(os.environ[HOME]))
    app = create_app(hub, log=Log(nowhere), more=[noop], keeps=False)
    tune(hub)
    return app


if __name__ == "__main__":
    serve(Path(sys.argv[1]), "127.0.0.1", int(sys.argv[2]), 1, "bench.served:application")
