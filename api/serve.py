"""Serving: the process that `dtsen serve` becomes.

granian starts one process per worker; each opens the hub for itself and has its own desk. What
they share (budgets, sessions, the audit log) is in the hub. One process beside them keeps it (api/keeping.py).
"""

from __future__ import annotations

import errno
import gc
import os
import resource
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server
from litestar import Litestar

from api.app import create_app
from api.keeping import KeptBeside
from api.logs import Log
from api.metrics import SHARED
from api.parent import end_with
from api.web.pages import warm
from mdm.compose import Hub
from mdm.eligibility import library
from mdm.errors import HubError, UsageError
from mdm.homes import open_home
from reference.regions import place_name

HOME, QUIET = "DTSEN_HOME", "DTSEN_LOG_REQUESTS"
SERVER = "DTSEN_SERVER"  # the process that begins those that answer
HEADER_MILLISECONDS = 15_000  # in which a request's head must have come
KILL_SECONDS = 30  # after which a worker that does not end is ended
CONNECTIONS = 4_096  # of a worker, open at once; whoever comes then waits until one ends
FILES = CONNECTIONS + 1_024  # that a worker may have open for that
COLLECT = (50_000, 20, 20)  # garbage collection looks at much less, much later
SWITCH_SECONDS = 0.001  # how soon the event loop gets its turn while the desk works


def application() -> Litestar:
    """The application of one worker, over the home that the environment names."""
    end_with(int(os.environ[SERVER]))
    hub = open_home(Path(os.environ[HOME]))
    app = create_app(hub, log=Log(quiet=os.environ.get(QUIET) == "0"), keeps=False)
    warm()
    place_name("31")  # reads the names of all regions
    tune(hub)
    return app


def tune(hub: Hub) -> None:
    """Tell Python that this process serves: what is loaded stays, what comes is short-lived.

    The programmes' rules are loaded now; who asks first would wait a second for them.
    """
    with suppress(HubError):  # a document that cannot be read is told to who asks for it
        library.current(hub)
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)


def can_listen(host: str, port: int) -> socket.socket:
    """The address to be served from, held: until it is closed, nobody else who asks here gets it, though nothing
    listens yet. UsageError where it cannot be had: the server's own processes would wait for it without a word.
    """
    held = None
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        held = socket.socket(family, socket.SOCK_STREAM)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as after a stop just now
        held.bind((host, port))
        if sys.platform == "linux":  # servers share the port here, of another hub too
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        else:
            held.close()
        return held
    except OSError as error:
        if held is not None:
            held.close()
        raise _not_had(port, error) from None


def _not_had(port: int, error: OSError) -> UsageError:
    if isinstance(error, PermissionError):
        return UsageError(f"Port {port} may not be used by this account.", "Name another: --port.")
    if error.errno == errno.EADDRINUSE:
        return UsageError(f"Port {port} is taken by another process.", "Name another: --port.")
    return UsageError("This machine has no such address.", "Name one of its own: --host.")


def _allow_files(most: int) -> None:
    """Let this process and those it starts have so many files and connections open, as far as the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def serve(
    home: Path, host: str, port: int, workers: int, target: str = "api.serve:application"
) -> None:
    """Serve until told to stop; requests under way are answered first. `target` makes the
    application."""
    os.environ[HOME], os.environ[SERVER] = str(home.resolve()), str(os.getpid())
    _allow_files(FILES)
    with tempfile.TemporaryDirectory(prefix="dtsen-metrics-") as counts, KeptBeside(home.resolve()):
        if workers > 1:
            os.environ[SHARED] = counts
        server = Server(
            target,
            factory=True,
            address=host,
            port=port,
            workers=workers,
            backlog=CONNECTIONS,
            backpressure=CONNECTIONS,
            interface=Interfaces.ASGI,
            websockets=False,
            log_access=False,
            log_level=LogLevels.warning,  # what is said on standard error is ours, one JSON object a line
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS),
            workers_kill_timeout=KILL_SECONDS,
            process_name=None,
        )
        try:
            server.serve()
        except SystemExit as ended:
            if ended.code:
                raise HubError(
                    "A server process ended before it was told to, and the service with it.",
                    "What it said stands above; nothing: the machine ended it, as where memory is "
                    "short. Start again.",
                ) from None
