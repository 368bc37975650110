"""Metrics: counts and times by route, never by person; no label can take unbounded values."""

from __future__ import annotations

import os
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SHARED = "PROMETHEUS_MULTIPROC_DIR"  # where several server processes keep their counts together
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 1, 5)
GROUP = (1, 2, 4, 8, 16, 32, 64, 128)
UNMATCHED = "unmatched"

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "dtsen_requests", "Requests answered.", ["method", "route", "status"], registry=REGISTRY
)
TIMES = Histogram(
    "dtsen_request_seconds", "Time to answer.", ["route"], buckets=SECONDS, registry=REGISTRY
)
PROBLEMS = Counter("dtsen_problems", "Requests refused, by code.", ["code"], registry=REGISTRY)
GROUP_SIZE = Histogram(
    "dtsen_desk_group_questions", "Questions in one transaction.", buckets=GROUP, registry=REGISTRY
)
GROUP_TIME = Histogram(
    "dtsen_desk_group_seconds", "Time of one transaction.", buckets=SECONDS, registry=REGISTRY
)
WAITING = Gauge(
    "dtsen_desk_waiting",
    "Questions not yet taken up.",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
RUN = Gauge(
    "dtsen_published_run",
    "Number of the run that readers see.",
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)


@lru_cache(maxsize=1024)
def _of(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Finding a series takes longer than adding to it; there are few: methods and routes are ours."""
    return REQUESTS.labels(method, route, str(status)), TIMES.labels(route)


def answered(method: str, route: str, status: int, seconds: float) -> None:
    """A request was answered. `method` and `route` must be of a bounded set."""
    count, times = _of(method, route, status)
    count.inc()
    times.observe(seconds)


def group_answered(questions: int, seconds: float) -> None:
    """The desk answered a group."""
    GROUP_SIZE.observe(questions)
    GROUP_TIME.observe(seconds)


def exposition() -> bytes:
    """What Prometheus reads."""
    if SHARED not in os.environ:
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)
