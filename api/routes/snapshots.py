"""Snapshots: `GET /v1/snapshots` lists them, `POST /v1/snapshots` gives the published data a name."""

from __future__ import annotations

import asyncio

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from api.actions import declares
from api.auth.refused import refusal
from api.guard import denied
from api.schemas.snapshots import SnapshotList, SnapshotQuestion, SnapshotTold, told
from mdm.access import Principal
from mdm.access.decide import decide
from mdm.access.terms import Resource
from mdm.compose import Hub
from mdm.eligibility import snapshots

LIST, CREATE = "snapshot.list", "snapshot.create"


@declares(LIST)
@get("/v1/snapshots", summary="The snapshots there are", tags=["snapshots"])
async def listed(hub: NamedDependency[Hub]) -> SnapshotList:
    """The snapshots that a question may name, oldest first."""

    def read() -> SnapshotList:
        with hub.sessions.read() as session:
            return SnapshotList([told(one) for one in snapshots.everyone(session)])

    return await asyncio.to_thread(read)


@declares(CREATE)
@post(
    "/v1/snapshots",
    summary="Name the published data",
    status_code=201,
    responses={409: refusal("There is a snapshot of this name.")},
    tags=["snapshots"],
)
async def create(
    data: JSONBody[SnapshotQuestion],
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> SnapshotTold:
    """Give the published data and the rules in force a name. It means the same for ever."""
    decision = decide(principal, CREATE, Resource("snapshot"))
    if not decision.allowed:
        raise denied(decision.reason)
    made = await asyncio.to_thread(snapshots.create, hub, data.name, actor=principal.id)
    return told(made)


router = Router("/", route_handlers=[listed, create])
