"""Another registry's callback: a real HTTP server on this machine that keeps what it is sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What came, in order: path and body. `answers` are the status codes given one after another;
    the last one for ever."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [200])
    came: list[tuple[str, Any]] = field(default_factory=list)

    def wait(self, count: int = 1, seconds: float = 120) -> list[Any]:
        """The bodies, once so many came."""
        until = time.monotonic() + seconds
        while len(self.came) < count and time.monotonic() < until:
            time.sleep(0.01)
        assert len(self.came) >= count, "no answer came to the callback"
        return [body for _, body in self.came]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens on a port of its own."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.came.append((self.path, json.loads(body)))
            status = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
            self.send_response(status)
            if status == 307:
                self.send_header("Location", f"{receiver.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
