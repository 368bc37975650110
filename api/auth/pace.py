"""Pace: logging in costs memory and a core for a moment, so only a few may do it at once.

Who comes when too many wait is refused, and the threads that serve everybody else stay free.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from litestar.datastructures import State

from api.problems import Problem

AT_ONCE, WAITING = 2, 16

P = ParamSpec("P")
T = TypeVar("T")


async def paced(state: State, act: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Do it on a thread, when it is its turn. Problem 429 when too many wait already."""
    if "pace" not in state:
        state.pace = CapacityLimiter(AT_ONCE)
    limiter: CapacityLimiter = state.pace
    if limiter.statistics().tasks_waiting >= WAITING:
        raise Problem(
            429,
            "too-many-logins",
            "Too many people log in at this moment.",
            "Try again in a few seconds.",
            headers={"Retry-After": "3"},
        )

    def call() -> T:
        return act(*arguments, **named)

    done: Any = await to_thread.run_sync(call, limiter=limiter)
    result: T = done
    return result
