"""Asks a sandbox over a real connection on the loopback address."""

import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

Asked = Callable[..., dict[str, Any]]
_PROGRAM = """
from pipeline.sandbox.serve import serve
from pipeline.sandbox.settings import SandboxSettings
serve(SandboxSettings(), "127.0.0.1", 0)
"""


@contextmanager
def _serving() -> Generator[httpx.Client]:
    with subprocess.Popen([sys.executable, "-c", _PROGRAM], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        try:
            address = server.stdout.readline().decode().removeprefix("sandbox: ").strip()
            headers = {"Authorization": "Bearer pst-somebody"}
            with httpx.Client(base_url=address, headers=headers, timeout=10) as client:
                yield client
        finally:
            server.terminate()


@pytest.mark.enable_socket
def test_a_served_sandbox_answers_and_can_hang_up(asked: Asked) -> None:
    """It says where it listens, and a dropped connection is dropped, not answered with 500."""
    with _serving() as client:
        good = client.post("/ai/generate-image", json=asked())
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            client.post(
                "/ai/generate-image", json=asked(), headers={"X-Sandbox-Fault": "drop-connection"}
            )
        after = client.get("/user/subscription")

    assert (good.status_code, after.status_code) == (200, 200)
