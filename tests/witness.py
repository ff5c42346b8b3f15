"""A small witness (C2SP tlog-witness v1) that enforces consistency, over real HTTP.

It is written from the specification and shares nothing with the code under test: it reads notes by
itself, and verifies proofs by the algorithm of RFC 9162, section 2.1.4.2.
"""

import base64
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from typing_extensions import override

NAME = "witness.example/w1"


@dataclass(slots=True)
class Reply:
    """A status, a body and its type."""

    status: int
    body: str = ""
    media_type: str = "text/plain; charset=utf-8"


@dataclass(slots=True)
class TestWitness:
    """One witness: the logs it knows by origin, and what it cosigned last of each."""

    __test__ = False
    name: str = NAME
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    logs: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    latest: dict[str, tuple[int, bytes]] = field(default_factory=dict[str, tuple[int, bytes]])
    time: int = 1_800_000_000
    trouble: Reply | None = None
    """What it answers whatever it is asked."""
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def vkey(self) -> str:
        """Its key, as it is given to verifiers."""
        public = b"\x04" + self.key.public_key().public_bytes_raw()
        return f"{self.name}+{self._key_id().hex()}+{base64.b64encode(public).decode()}"

    def answer(self, body: str) -> Reply:
        """Do what `add-checkpoint` says, atomically."""
        with self.lock:
            self.asked += 1
            return self.trouble or self._answer(body)

    def _answer(self, body: str) -> Reply:
        head, _, checkpoint = body.partition("\n\n")
        first, *proof = head.split("\n")
        if not first.startswith("old "):
            return Reply(400)
        old = int(first.removeprefix("old "))
        text, _, signatures = checkpoint.partition("\n\n")
        origin, written, root64 = (text + "\n").split("\n")[:3]
        size, root = int(written), base64.b64decode(root64)
        if origin not in self.logs:
            return Reply(404)
        if not any(_signed(vkey, text + "\n", signatures) for vkey in self.logs[origin]):
            return Reply(403)
        status = self._look(origin, old, (size, root), [base64.b64decode(each) for each in proof])
        if status == 409:
            return Reply(409, f"{self.latest.get(origin, (0, b''))[0]}\n", "text/x.tlog.size")
        if status != 200:
            return Reply(status)
        self.latest[origin] = (size, root)
        return Reply(200, self._cosignature(text + "\n"))

    def _look(self, origin: str, old: int, new: tuple[int, bytes], proof: list[bytes]) -> int:
        last, root = self.latest.get(origin, (0, b""))
        if old > new[0]:
            return 400
        if old != last or (old == new[0] and root != new[1]):
            return 409
        return 200 if _consistent(old, new[0], proof, root, new[1]) else 422

    def _cosignature(self, text: str) -> str:
        self.time += 1
        signed = self.key.sign(f"cosignature/v1\ntime {self.time}\n{text}".encode())
        blob = self._key_id() + struct.pack(">Q", self.time) + signed
        stranger = f"— stranger.example {base64.b64encode(bytes(76)).decode()}\n"
        return f"— {self.name} {base64.b64encode(blob).decode()}\n{stranger}"

    def _key_id(self) -> bytes:
        public = self.key.public_key().public_bytes_raw()
        return sha256(self.name.encode() + b"\n\x04" + public).digest()[:4]


@contextmanager
def serving(witness: TestWitness) -> Generator[str]:
    """Serve a witness on a free port of this machine; yield its submission prefix."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            reply = witness.answer(sent) if self.path == "/log/add-checkpoint" else Reply(404)
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.media_type)
            self.send_header("Content-Length", str(len(reply.body.encode())))
            self.end_headers()
            self.wfile.write(reply.body.encode())

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/log"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _signed(vkey: str, text: str, signatures: str) -> bool:
    name, key_id, encoded = vkey.split("+", 2)
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded)[1:])
    for line in signatures.splitlines():
        _, by, blob64 = line.split(" ")
        blob = base64.b64decode(blob64)
        if by == name and blob[:4].hex() == key_id:
            try:
                public.verify(blob[4:], text.encode())
            except InvalidSignature:
                return False
            return True
    return False


def _consistent(first: int, second: int, path: list[bytes], old: bytes, new: bytes) -> bool:
    """RFC 9162, 2.1.4.2, step by step."""
    if first == 0:
        return not path
    if first == second:
        return not path and old == new
    if not path:
        return False
    if first & (first - 1) == 0:
        path = [old, *path]
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = _node(c, fr), _node(c, sr)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = _node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == old and sr == new and sn == 0


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
