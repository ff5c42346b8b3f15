"""A stand-in for a hub: the few answers that huggingface_hub asks for, and its troubles."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from typing_extensions import override


@dataclass
class Hub:
    """Files of one revision, and what goes wrong with them."""

    revision: str
    files: dict[str, bytes]
    breaks_once_at: int | None = None
    """After how many bytes the first connection that sends a file breaks."""
    address: str = ""
    ranges: list[str] = field(default_factory=list)
    """What was asked for of a part of a file."""
    sent: list[str] = field(default_factory=list)
    """The name of each file that was asked for, as often as it was."""


@contextmanager
def serving(hub: Hub) -> Generator[Hub]:
    """Serve `hub` on a free port of this machine."""

    class Answers(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            revision, _, name = self.path.partition("/resolve/")[2].partition("/")
            data = hub.files.get(name)
            if data is None or revision != hub.revision:
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start = 0
            asked = self.headers.get("Range") or ""
            if asked:
                hub.ranges.append(asked)
                start = int(asked.removeprefix("bytes=").partition("-")[0])
            self.send_response(206 if asked else 200)
            if asked:
                whole = f"bytes {start}-{len(data) - 1}/{len(data)}"
                self.send_header("Content-Range", whole)
            self.send_header("Content-Length", str(len(data) - start))
            self.send_header("ETag", f'"{sha256(data).hexdigest()}"')
            self.send_header("X-Repo-Commit", hub.revision)
            self.end_headers()
            if body:
                hub.sent.append(name)
                self._send(data[start:])

        def _send(self, data: bytes) -> None:
            end, hub.breaks_once_at = hub.breaks_once_at, None
            self.wfile.write(data[:end])
            self.wfile.flush()
            self.close_connection = True

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
