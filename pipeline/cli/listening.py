"""Sockets to serve on, bound before anything slow begins: a taken port is told at once."""

import contextlib
import errno
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from socket import (
    AF_INET,
    AF_INET6,
    AF_UNIX,
    IPPROTO_TCP,
    SOCK_STREAM,
    TCP_NODELAY,
    create_server,
    socket,
)

from pipeline.cli.errors import UnusableError

_LONGEST_BYTES = 107  # what the system takes as a Unix socket's path


def listen(host: str, port: int) -> socket:
    """Listen on an address; port 0 takes a free one.

    Connections inherit that nothing waits for an acknowledgement: asyncio sets it only where the
    listening socket was made for TCP by name, and an answer's body then waits 40 ms for the
    client's delayed acknowledgement of its head.

    Raises:
        UnusableError: it is taken, or not this machine's.
    """
    family = AF_INET6 if ":" in host else AF_INET
    try:
        listening = create_server((host, port), family=family)
    except OSError as fault:
        taken = fault.errno == errno.EADDRINUSE
        got = "one that is taken: choose another" if taken else f"{fault.strerror}: choose another"
        raise UnusableError("address", f"{host}:{port} to be free", got) from fault
    listening.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    return listening


def address_of(listening: socket) -> str:
    """Return the address to call."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def private_socket(path: Path) -> Generator[socket]:
    """Listen on a Unix socket that only its owner can open (0600); it is gone afterwards.

    Whoever calls holds the data directory's lock, so a socket that is there is a dead server's.

    Raises:
        UnusableError: its path is too long.
    """
    if len(str(path).encode()) > _LONGEST_BYTES:
        expected = f"a path of at most {_LONGEST_BYTES} bytes for {path.name}"
        raise UnusableError("data directory", expected, f"{len(str(path).encode())} bytes")
    path.unlink(missing_ok=True)
    with contextlib.closing(socket(AF_UNIX, SOCK_STREAM)) as listening:
        listening.bind(str(path))
        try:
            path.chmod(0o600)  # before it listens: until then nobody can connect
            listening.listen()
            yield listening
        finally:
            path.unlink(missing_ok=True)
