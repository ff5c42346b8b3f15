"""Several accounts at NovelAI: declared, rotated and paused while the gateway serves."""

import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from audit.entry import Kind
from audit.leaf import Leaf
from pipeline.app import House, open_house
from pipeline.sandbox.app import create as create_sandbox
from pipeline.sandbox.keys import TEST_VERIFY_KEY_BASE64
from pipeline.sandbox.settings import OPUS, Account, SandboxSettings
from pipeline.settings import first_start, load
from tests.e2e.asking import v4
from tests.e2e.conftest import TOKEN, served

SECOND, THIRD, EMPTY, NOBODY = ("pst-" + sign * 64 for sign in "bcde")
KNOWN = {TOKEN: OPUS, SECOND: OPUS, THIRD: OPUS, EMPTY: Account(balance=0, tier=1)}
pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway whose tokens lie in a file, and its operator."""

    house: House
    secrets: Path

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask one of the operator's routes."""
        answer = await self._ask(self.house.operator, method, path, body)
        assert not any(token in answer.text for token in (*KNOWN, NOBODY))
        return answer.json()

    async def generate(
        self, prompt: str, path: str = "/ai/generate-image", more: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Generate as a client does."""
        return await self._ask(self.house.public, "POST", path, v4(prompt), more)

    async def states(self) -> list[str]:
        """What each account does."""
        return [each["state"] for each in (await self.ask("GET", "/accounts"))["accounts"]]

    async def events(self, kind: Kind) -> list[str]:
        """What the log says happened."""
        tail = await self.house.gate.log.tail(100)
        leaves = [Leaf.parse(each.leaf) for each in tail]
        return [str(leaf.public["event"]) for leaf in leaves if leaf.kind is kind]

    async def _ask(
        self,
        app: FastAPI,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        more: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        key = self.house.notices[0].rpartition(" ")[2]
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://house",
            headers={"Authorization": f"Bearer {key}", **(more or {})},
        ) as client:
            return await client.request(method, path, json=body)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A gateway with one account, outside a real sandbox that knows four."""
    folder = tmp_path_factory.mktemp("accounts")
    secrets = folder / "tokens"
    secrets.write_text(f"# ours\n{TOKEN}\n")
    secrets.chmod(0o600)
    first_start(folder / "data", os.urandom)
    async with served(create_sandbox(SandboxSettings(tokens=KNOWN))) as upstream:
        env = {
            "IMPRIMATUR_DEVELOPMENT": "true",
            "IMPRIMATUR_UPSTREAM__BASE_URL": upstream,
            "IMPRIMATUR_UPSTREAM__VERIFY_KEY": TEST_VERIFY_KEY_BASE64,
            "IMPRIMATUR_UPSTREAM__SPACING_SECONDS": "0",
            "IMPRIMATUR_UPSTREAM__TOKENS_FILE": str(secrets),
        }
        async with open_house(load(folder / "data", env)) as house:
            yield Running(house, secrets)


async def test_accounts_are_added_rotated_paused_and_resumed_without_a_restart(
    running: Running,
) -> None:
    """The whole life of a second account: each step is an entry, and no answer holds a token."""
    new = {"token": SECOND, "entitlement": "contract 7", "person": "ana"}
    added = await running.ask("POST", "/accounts", new)
    kept = await running.ask(
        "POST", "/accounts/account-2/rotate", {"token": THIRD, "person": "ana"}
    )
    told = (await running.ask("POST", "/accounts/balance"))[1]

    assert (added["account"], added["state"], added["declared_by"]) == ("account-2", "free", "ana")
    assert kept == {"kept": True}
    assert running.secrets.read_text() == f"# ours\n{TOKEN}\n{THIRD}\n"
    assert running.secrets.stat().st_mode & 0o777 == 0o600
    assert (told["anlas"], told["active"], told["rotate"]) == (OPUS.balance, True, False)
    assert (await running.events(Kind.CONFIG))[-2:] == ["account.declared", "account.rotated"]


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/accounts", {"token": NOBODY, "entitlement": "x"}, "does not accept"),
        ("/accounts", {"token": "hello", "entitlement": "x"}, "64 characters"),
        ("/accounts", {"token": EMPTY, "entitlement": " "}, "declaration"),
        ("/accounts/account-1/rotate", {"token": TOKEN}, "in use"),
        ("/accounts/account-9/rotate", {"token": EMPTY}, "there is: account-1"),
        ("/accounts/account-1/resume", {"reason": "looked"}, "account-1 is free"),
    ],
)
async def test_what_cannot_be_done_with_an_account_is_told(
    running: Running, path: str, body: dict[str, str], says: str
) -> None:
    """And nothing is changed by it, in the file least of all."""
    before = running.secrets.read_text()
    answer = await running.ask("POST", path, body | {"person": "ana"})

    assert says in answer["message"]
    assert running.secrets.read_text() == before


async def test_a_request_is_served_by_an_account_that_can_pay(running: Running) -> None:
    """What another account cannot pay waits for a balance, and is told as such."""
    await running.ask("POST", "/accounts", {"token": EMPTY, "entitlement": "7", "person": "ana"})
    for label in ("account-1", "account-2"):
        running.house.gate.accounts.rest(label, 30)
    refused = await running.generate("nine lanterns on a pier")
    states = await running.states()

    assert refused.json()["code"] == "UPSTREAM_REFUSED"
    assert states[-1] == "unpaid"
    await running.ask("POST", "/accounts/balance")
    assert (await running.states())[-1] == "unpaid"


async def test_what_is_counted_is_what_is_taken(running: Running) -> None:
    """The sandbox prices by its own reading of the same specification."""
    before = await running.ask("POST", "/accounts/balance")
    for scene in ("a weather vane", "a quay in winter"):
        made = await running._ask(
            running.house.public, "POST", "/ai/generate-image", v4(scene, samples=3)
        )
        assert made.status_code == 200, made.text
    after = await running.ask("POST", "/accounts/balance")

    assert sum(each["anlas"] for each in after) < sum(each["anlas"] for each in before)
    for each in after:
        assert each["drift"] == 0
    assert "account.drift" not in await running.events(Kind.CONFIG)


async def test_a_job_says_that_a_person_asked_for_it(running: Running) -> None:
    """Several accounts are for people: automation on them is what NovelAI bans for."""
    leaving = {"Prefer": "respond-async"}
    machine = await running.generate("a mill", "/v1/generations", leaving)
    human = {**leaving, "X-Imprimatur-Initiated-By": "human"}
    person = await running.generate("a weir", "/v1/generations", human)

    assert (machine.status_code, person.status_code) == (400, 202)
    assert "X-Imprimatur-Initiated-By" in machine.json()["message"]
