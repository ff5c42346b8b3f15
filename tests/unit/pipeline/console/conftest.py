"""A console on a real store and a real log, and people who have enrolled in it."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import APIRouter, FastAPI
from pyotp.totp import TOTP

from audit.leaf import Leaf
from audit.log import Log
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from pipeline.console import building, server
from pipeline.console.codes import STEP_SECONDS
from pipeline.console.doors import Doors
from pipeline.console.frame import Frame
from pipeline.console.guarded import Guarded
from pipeline.console.roles import Role
from pipeline.console.sessions import Session
from pipeline.store.reviewers import Reviewer
from pipeline.store.store import Store
from pipeline.store.tenants import Tenant
from tests.unit.pipeline.world import NOON, TENANT, Clock

PASSWORD = "correct horse battery"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ORIGIN = "http://gate"


def numbered() -> Callable[[int], bytes]:
    """What gives bytes that nobody drew: never the same, and the same in each run."""
    numbers = count()
    return lambda length: hashlib.shake_256(f"{next(numbers)}".encode()).digest(length)


@dataclass
class Console:
    """A console, and short ways to use it."""

    store: Store
    log: Log
    clock: Clock
    frame: Frame
    doors: Doors
    guarded: Guarded
    app: FastAPI
    keys: dict[str, str] = field(default_factory=dict)

    def browser(self, peer: str = "192.0.2.1") -> httpx.AsyncClient:
        """A browser that was never here; it says where its forms come from."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(peer, 5000))
        headers = {"Origin": ORIGIN}
        return httpx.AsyncClient(transport=transport, base_url=f"{ORIGIN}/console", headers=headers)

    def code(self, name: str) -> str:
        """The code that an authenticator shows now."""
        return TOTP(self.keys[name]).at(self.clock())

    async def add(self, name: str, role: Role = Role.REVIEWER, *tenants: str) -> Reviewer:
        """Make an account whose owner has enrolled, and wait for the next code."""
        accounts = self.doors.accounts
        made = await accounts.add(name, role, tenants, "ana")
        sealed, owner = made.reviewer.sealed_key, made.reviewer.id
        self.keys[name] = accounts.codes.spelled(sealed, owner).replace(" ", "")
        reviewer = await accounts.enrol(made.secret, PASSWORD, self.code(name))
        self.clock.passes(seconds=STEP_SECONDS)
        return reviewer

    def form(self, name: str, **changed: str) -> Mapping[str, str]:
        """What somebody types to sign in."""
        return {"name": name, "password": PASSWORD, "code": self.code(name)} | changed

    async def signed_in(self, name: str) -> httpx.AsyncClient:
        """A browser that somebody has signed in with; it is for one test."""
        token = await self.doors.signing_in.sign_in(name, PASSWORD, self.code(name))
        self.clock.passes(seconds=STEP_SECONDS)
        browser = self.browser()
        browser.headers["Cookie"] = f"__Host-imprimatur={token}"
        return browser

    async def session(self, browser: httpx.AsyncClient) -> Session:
        """The session of a browser that somebody has signed in with."""
        found = await self.frame.sessions.of(browser.headers["Cookie"].partition("=")[2])
        assert found is not None
        return found

    def serve(self, frame: Frame, *pages: APIRouter) -> None:
        """Serve other pages."""
        self.frame, self.guarded = frame, server.create(frame, self.doors, pages)
        self.app.router.routes.clear()
        server.mount(self.app, self.guarded)

    async def events(self) -> list[str]:
        """What the log says, in order, beside its beginning."""
        leaves = [Leaf.parse(each.leaf) for each in await self.log.tail(100)]
        return [str(leaf.public["event"]) for leaf in leaves if "event" in leaf.public]


@asynccontextmanager
async def open_console(folder: Path) -> AsyncGenerator[Console]:
    """A console with a tenant and nobody in it."""
    clock, store = Clock(), Store.open(folder / "app.db")
    await store.tenants.add(Tenant(TENANT, "Harbour", NOON))
    log = await Log.open(
        folder / "log.db",
        origin="gw.example/log",
        signer=Ed25519Signer.create(folder / "log.key", "gw.example/log"),
        keys=DetailKeys.create(folder / "detail.key", "k1"),
        now=clock,
    )
    frame, doors = building.build(
        building.Parts(store, log, clock, uuid4, numbered(), b"k" * 32, CHEAP)
    )
    guarded, app = server.create(frame, doors), FastAPI(redirect_slashes=False)
    server.mount(app, guarded)
    yield Console(store, log, clock, frame, doors, guarded, app)
    await log.close()
    await store.close()


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    """A console for one test."""
    async with open_console(tmp_path) as opened:
        yield opened
