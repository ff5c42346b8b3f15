"""Sends statements to the Transparency Database, each of them once, whatever becomes of an answer.

A batch is taken whole or not at all. When nobody knows what became of one, or when a `puid` is
there already, the database is asked for each: it answers 302 if it has it, which is no address to
go to. (compliance.md 3.2, from the database's own source.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import SecretStr

from pipeline.duties.dsa.errors import RefusedError, StatementError, UnansweredError
from pipeline.duties.dsa.rules import MOST_AT_ONCE, Statement, problems

_CREATED, _EXISTS, _ABSENT, _INVALID = 201, 302, 404, 422
_NOT_US = frozenset({401, 403})


@dataclass(slots=True)
class Outcome:
    """What became of each statement, by its `puid`; `refused` says why, field by field."""

    filed: list[str] = field(default_factory=list[str])
    existed: list[str] = field(default_factory=list[str])
    refused: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])


@dataclass(frozen=True, slots=True)
class Database:
    """The Transparency Database, or its sandbox. `http` MUST NOT follow redirects."""

    http: httpx.AsyncClient
    address: str
    token: SecretStr

    async def submit(self, statements: Sequence[Statement]) -> Outcome:
        """Send statements that keep every rule; return what became of each.

        Raises:
            StatementError: one breaks a rule; nothing was sent.
            RefusedError: the token is not taken.
            UnansweredError: the database does not answer. Sending all again is safe.
        """
        for each in statements:
            wrong = problems(each)
            if wrong:
                raise StatementError("statement of reasons", "one to send", wrong[0])
        outcome = Outcome()
        for start in range(0, len(statements), MOST_AT_ONCE):
            await self._batch(statements[start : start + MOST_AT_ONCE], outcome)
        return outcome

    async def _batch(self, batch: Sequence[Statement], outcome: Outcome) -> None:
        answer = await self._post(batch)
        if answer is None:  # nobody knows: what is there, is there
            batch = [each for each in batch if not await self._noted(each, outcome)]
            answer = await self._post(batch) if batch else None
            if batch and answer is None:
                raise UnansweredError("the database", "an answer", "none, twice")
        if answer is None:
            return
        if answer.status_code == _CREATED:
            outcome.filed += map(_puid, batch)
            return
        await self._without(batch, _errors(answer, len(batch)), outcome)

    async def _without(
        self, batch: Sequence[Statement], wrong: Mapping[int, Mapping[str, Any]], outcome: Outcome
    ) -> None:
        """Send a batch again without what the database did not take in it."""
        rest: list[Statement] = []
        for place, each in enumerate(batch):
            if place not in wrong:
                rest.append(each)
            elif not await self._noted(each, outcome):
                outcome.refused[_puid(each)] = wrong[place]
        if rest:
            await self._batch(rest, outcome)

    async def _noted(self, statement: Statement, outcome: Outcome) -> bool:
        """Note a statement that the database has already."""
        answer = await self._asked("GET", f"/statement/existing-puid/{_puid(statement)}")
        if answer is None or answer.status_code not in {_EXISTS, _ABSENT}:
            raise UnansweredError("the database", "302 or 404", _status(answer))
        if answer.status_code == _ABSENT:
            return False
        outcome.existed.append(_puid(statement))
        return True

    async def _post(self, batch: Sequence[Statement]) -> httpx.Response | None:
        answer = await self._asked("POST", "/statements", {"statements": [*map(dict, batch)]})
        if answer is not None and answer.status_code not in {_CREATED, _INVALID}:
            raise UnansweredError("the database", "201 or 422", answer.status_code)
        return answer

    async def _asked(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> httpx.Response | None:
        """Return the answer; None if there is none, or it is a fault of the database."""
        headers = {
            "Authorization": f"Bearer {self.token.get_secret_value()}",
            "Accept": "application/json",
        }
        try:
            answer = await self.http.request(
                method,
                f"{self.address}/api/v1{path}",
                json=body,
                headers=headers,
                follow_redirects=False,
            )
        except httpx.TransportError:
            return None
        if answer.status_code in _NOT_US:
            raise RefusedError("the database", "our token to be taken", answer.status_code)
        return None if answer.is_server_error else answer


def _errors(answer: httpx.Response, count: int) -> dict[int, Mapping[str, Any]]:
    """Read which of a batch was not taken, and why.

    Raises:
        UnansweredError: it does not say so; sending the rest again would never end.
    """
    try:
        said = answer.json()["errors"]
        found: dict[int, Mapping[str, Any]] = {
            int(name.removeprefix("statement_")): dict(why) for name, why in said.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise UnansweredError("the database", "errors by statement", "another answer") from fault
    if not found or not found.keys() <= {*range(count)}:
        raise UnansweredError("the database", "errors of statements of the batch", "others")
    return found


def _puid(statement: Statement) -> str:
    return str(statement["puid"])


def _status(answer: httpx.Response | None) -> object:
    return "nothing" if answer is None else answer.status_code
