"""A stand-in for the services that hand out lists, from what is written of them.

NCMEC's hash sharing, version 2: `GET /v2/entries?from=&to=`, basic auth, XML in pages, whose `next`
counts from the address of the environment. StopNCII, version 1: `GET /FetchHashes`, two keys, JSON
in pages named by tokens. Both say what changed since a time, in no order; `fault` is asked before
each page, and may answer in their place.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from typing_extensions import override

from classifiers.hash_bank_ncmec import NAMESPACE

USER, SECRET = "somebody", "a-secret"
A_PAGE = 2

Fault = Callable[[int], tuple[int, Mapping[str, str], bytes] | None]
"""By the number of the page that is asked for: status, headers, body; None is no fault."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry as the service has it."""

    at: datetime
    hashes: Mapping[str, str] = field(default_factory=dict[str, str])
    is_gone: bool = False


@dataclass
class Services:
    """What it has, what it was asked, and how it fails."""

    at: datetime
    entries: dict[str, Listed] = field(default_factory=dict[str, Listed])
    fault: Fault = lambda _: None
    asked: list[str] = field(default_factory=list[str])
    address: str = ""

    def answer(self, path: str, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        """Answer one question."""
        self.asked.append(path)
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/v2/entries":
            basic = "Basic " + b64encode(f"{USER}:{SECRET}".encode()).decode()
            is_known, start = headers.get("Authorization") == basic, int(query.get("start", 0))
        else:
            keys = headers.get("Ocp-Apim-Subscription-Key"), headers.get("x-functions-key")
            is_known, start = keys == (USER, SECRET), int(query.get("nextPageToken", "t0")[1:])
        if not is_known:
            return 401, {}, b""
        if fault := self.fault(len(self.asked)):
            return fault
        if parts.path == "/v2/entries":
            return 200, {}, self._ncmec(query, start).encode()
        return 200, {}, json.dumps(self._stopncii(query, start)).encode()

    def _ncmec(self, query: Mapping[str, str], start: int) -> str:
        since, until = (datetime.fromisoformat(query[name]) for name in ("from", "to"))
        within = [(n, e) for n, e in self.entries.items() if since <= e.at <= until]
        shown = within[start : start + A_PAGE]
        following = ""
        if len(within) > start + A_PAGE:
            more = {**query, "start": start + A_PAGE, "size": A_PAGE, "max": len(within)}
            named = f"/v2/entries?{urlencode(more)}".replace("&", "&amp;")
            following = f"<paging><next>{named}</next></paging>"
        images = "".join(_image(name, entry) for name, entry in shown)
        return (
            f'<queryResult xmlns="{NAMESPACE}"><images>{images}</images>{following}</queryResult>'
        )

    def _stopncii(self, query: Mapping[str, str], start: int) -> Mapping[str, object]:
        since = datetime.fromtimestamp(int(query["startTimestamp"]), UTC)
        within = [entry for entry in self.entries.values() if entry.at >= since]
        shown, more = within[start : start + A_PAGE], len(within) > start + A_PAGE
        return {
            "count": len(shown),
            "hasMoreRecords": more,
            "nextPageToken": f"t{start + A_PAGE}" if more else None,
            "nextSetTimestamp": int(self.at.timestamp()),
            "hashRecords": [
                {
                    "lastModtimestamp": int(entry.at.timestamp()),
                    "signalType": "ImagePDQ",
                    "hashValue": entry.hashes["pdq"],
                    "hashStatus": "Withdrawn" if entry.is_gone else "Active",
                    "caseNumbers": [],
                }
                for entry in shown
            ],
        }


def _image(name: str, entry: Listed) -> str:
    stamp = f"<timestamp>{entry.at:%Y-%m-%dT%H:%M:%SZ}</timestamp>"
    head = f'<member id="42">Example</member><id>{name}</id>{stamp}'
    if entry.is_gone:
        return f"<deletedImage>{head}</deletedImage>"
    hashes = "".join(f"<{kind}>{value}</{kind}>" for kind, value in entry.hashes.items())
    return f"<image>{head}<fingerprints>{hashes}</fingerprints></image>"


@contextmanager
def serving(at: datetime) -> Generator[Services]:
    """Serve on a free port of this machine; it is `at` there until somebody sets it."""
    services = Services(at)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = services.answer(self.path, dict(self.headers))
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | dict(headers)).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    services.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield services
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
