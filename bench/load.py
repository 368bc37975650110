"""The load generator, a process of its own: raw HTTP on connections kept open.

`python -m bench.load < task.json` with `{"port", "token", "path", "bodies", "connections", "seconds"}`,
or `"each": true` to ask every body once, in order, on one connection, or `"stop": FILE` to go on until that file
is there. The answer is one line of JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import Any

WARM = 0.5  # seconds that count for nothing


class Connection:
    """One connection that asks, waits for the whole answer, and asks again."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.statuses: dict[int, int] = {}

    async def ask(self, request: bytes) -> float:
        """Seconds until the last byte of the answer."""
        begun = perf_counter()
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r", 1)[0])
        await self._reader.readexactly(length)
        took = perf_counter() - begun
        status = int(head[9:12])
        self.statuses[status] = self.statuses.get(status, 0) + 1
        return took


def request_of(task: dict[str, Any], body: Any) -> bytes:
    """The bytes of one request."""
    data = json.dumps(body).encode()
    head = (
        f"POST {task['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {task['token']}"
        f"\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


async def main(task: dict[str, Any]) -> dict[str, Any]:
    """Do one task."""
    requests = [request_of(task, body) for body in task["bodies"]]
    connections = [
        Connection(*await asyncio.open_connection("127.0.0.1", task["port"], limit=1 << 26))
        for _ in range(task.get("connections", 1))
    ]
    gc.disable()
    if task.get("each"):
        durations = [await connections[0].ask(request) for request in requests]
        return {"durations": durations, "statuses": connections[0].statuses}
    endless, begun, over = cycle(requests), perf_counter(), asyncio.Event()
    ending = asyncio.create_task(_end(task, over))
    done = await asyncio.gather(*(_until(one, endless, begun, over) for one in connections))
    took = perf_counter() - begun - WARM
    await ending
    durations = sorted(took for part in done for took in part)
    statuses: dict[int, int] = {}
    for one in connections:
        for status, count in one.statuses.items():
            statuses[status] = statuses.get(status, 0) + count
    return {
        "per_second": len(durations) / took,
        "p50_ms": durations[len(durations) // 2] * 1000,
        "p99_ms": durations[int(len(durations) * 0.99)] * 1000,
        "max_ms": durations[-1] * 1000,
        "statuses": statuses,
    }


async def _end(task: dict[str, Any], over: asyncio.Event) -> None:
    """When it is time to stop."""
    if "stop" in task:
        while not Path(task["stop"]).exists():
            await asyncio.sleep(0.05)
    else:
        await asyncio.sleep(WARM + task["seconds"])
    over.set()


async def _until(
    one: Connection, requests: Iterator[bytes], begun: float, over: asyncio.Event
) -> list[float]:
    durations = []
    while not over.is_set():
        took = await one.ask(next(requests))
        if perf_counter() > begun + WARM:
            durations.append(took)
    return durations


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
