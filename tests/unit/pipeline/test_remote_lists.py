"""Asking a list of others: what is sent, and what is taken for an answer."""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typing_extensions import override

from classifiers.errors import ModelError
from classifiers.remote_list import Known, Said
from pipeline.remote_lists import Asking, opened
from pipeline.settings import RemoteListPart

FIRST, SECOND = bytes(range(32)), bytes(range(32, 64))
NAMES = [b64encode(each).decode() for each in (FIRST, SECOND)]
pytestmark = pytest.mark.enable_socket


@dataclass
class Desk:
    """A list's own machine: what it was sent, and what it answers."""

    status: int = 200
    answer: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    address: str = ""


@pytest.fixture(scope="module")
def serving() -> Iterator[Desk]:
    desk = Desk()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            desk.asked.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(desk.status)
            for name, value in desk.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(desk.answer)))
            self.end_headers()
            self.wfile.write(desk.answer)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    desk.address = f"http://127.0.0.1:{server.server_port}/v1/pdq/"
    yield desk
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def desk(serving: Desk) -> Desk:
    """The desk, well and unasked."""
    serving.status, serving.headers = 200, {}
    serving.asked.clear()
    serving.answer = answered(NAMES[0], NAMES[1])
    return serving


def answered(*names: str, **changes: Any) -> bytes:
    said: dict[str, Any] = {
        "classification": "no-known-match",
        "match_type": None,
        "near_match_details": [],
    }
    return json.dumps({"scanned_hashes": dict.fromkeys(names, said | changes)}).encode()


@pytest.fixture
def asking(desk: Desk, tmp_path: Path) -> Asking:
    return Asking.of(part(desk, tmp_path))


def part(desk: Desk, folder: Path) -> RemoteListPart:
    secret = folder / "shield.secret"
    secret.write_text("somebody:a secret\n")
    return RemoteListPart(name="shield", address=desk.address, credentials_file=secret)


def test_nothing_but_hashes_is_sent(asking: Asking, desk: Desk) -> None:
    """Whose picture it is, and what it shows, is nobody's business there."""
    said = asking([FIRST, SECOND])

    assert said == {FIRST: Said(Known.NO), SECOND: Said(Known.NO)}
    ((headers, body),) = desk.asked
    assert json.loads(body) == {"hashes": NAMES}
    assert headers["authorization"] == "Basic " + b64encode(b"somebody:a secret").decode()
    assert headers.keys() == {
        "accept", "accept-encoding", "authorization", "connection", "content-length",
        "content-type", "host", "user-agent",
    }  # fmt: skip
    assert headers["user-agent"] == "imprimatur"
    assert "secret" not in repr(asking)


@pytest.mark.parametrize(
    ("classification", "match_type", "expected"),
    [
        ("csam", "exact", Said(Known.CSAM, exactly=True)),
        ("csam", "near", Said(Known.CSAM)),
        ("harmful-abusive-material", "near", Said(Known.HARMFUL)),
        ("test", "exact", Said(Known.TEST, exactly=True)),
    ],
)
def test_every_word_of_the_list_is_known(
    asking: Asking, desk: Desk, classification: str, match_type: str, expected: Said
) -> None:
    """A word that is mistaken for no match lets pass what the list exists for."""
    desk.answer = answered(NAMES[0], classification=classification, match_type=match_type)

    assert asking([FIRST]) == {FIRST: expected}


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"[]",
        b'"ok"',
        b"[" * 100_000,
        b'{"scanned_hashes": []}',
        b'{"scanned_hashes": {"not base64!": {"classification": "csam", "match_type": null}}}',
        answered(NAMES[0], classification="a new word"),
        answered(NAMES[0], match_type="almost"),
        answered(NAMES[0]) + b" " * 300_000,
    ],
    ids=range(10),
)
def test_what_cannot_be_read_is_no_answer(asking: Asking, desk: Desk, answer: bytes) -> None:
    """Whoever misunderstands the list has not asked it."""
    desk.answer = answer

    with pytest.raises(ModelError) as fault:
        asking([FIRST])
    assert "a secret" not in str(fault.value)
    assert NAMES[0] not in str(fault.value)


@pytest.mark.parametrize(
    ("status", "headers"), [(500, {}), (401, {}), (204, {}), (307, {"Location": "/elsewhere"})]
)
def test_another_status_is_no_answer_and_nobody_is_followed(
    asking: Asking, desk: Desk, status: int, headers: dict[str, str]
) -> None:
    """A redirect would hand the credentials to whom nobody named."""
    desk.status, desk.headers = status, headers
    desk.answer = b"" if status == 204 else desk.answer

    with pytest.raises(ModelError, match="status"):
        asking([FIRST])
    assert len(desk.asked) == 1


def test_nobody_at_the_address_is_no_answer(desk: Desk, tmp_path: Path) -> None:
    """A list that is away has matched nothing, which is not that nothing matches."""
    desk.address = "http://127.0.0.1:9/"
    (away,) = opened([part(desk, tmp_path)])

    with pytest.raises(ModelError, match="ConnectError"):
        away.warm()
