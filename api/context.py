"""What a request stands in: who asks, the hub, the desk.

Plain look-ups for routes that are asked often; named dependencies cost a task each in Litestar.
"""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection

from mdm.access import Principal
from mdm.compose import Hub
from mdm.desk import Desk
from mdm.eligibility.helper import Helper

Connection = ASGIConnection[Any, Any, Any, Any]
PRINCIPAL = "principal"


def principal_of(connection: Connection) -> Principal:
    """Who asks, as the guard found out."""
    principal: Principal = connection.scope["state"][PRINCIPAL]
    return principal


def hub_of(connection: Connection) -> Hub:
    """The hub that is served."""
    hub: Hub = connection.app.state.hub
    return hub


def helper_of(connection: Connection) -> Helper:
    """The helper that takes up a part of large batches."""
    helper: Helper = connection.app.state.helper
    return helper


def desk_of(connection: Connection) -> Desk:
    """The desk that answers questions."""
    desk: Desk = connection.app.state.desk
    return desk


def header(connection: Connection, name: bytes) -> str | None:
    """The first header of a name (in lower case), without taking all of them apart."""
    for key, value in connection.scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return None
