"""Anchoring: the newest checkpoint goes, on a schedule, to those who remember it outside."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import structlog

from audit.anchors import Anchor, AnchorKind, Anchors
from audit.checkpoint import Checkpoint
from audit.errors import AuditError, UnansweredError
from audit.log import Log
from audit.note import Note
from audit.time_stamper import TimeStamper
from audit.witness import Answer, Post, Witness
from pipeline.items import Json

MOST_BYTES = 65_536
_say = structlog.get_logger("anchoring")


@dataclass(slots=True)
class Outsider:
    """Somebody who is asked about the log every so often, and what came of it."""

    kind: AnchorKind
    name: str
    every: timedelta
    ask: Callable[[int], Awaitable[Anchor]]
    """Takes the size of the checkpoint that they spoke of last."""
    newest: Anchor | None = None
    tried_at: datetime | None = None
    fault: str = ""

    @property
    def size(self) -> int:
        """The size of the largest checkpoint that they spoke of."""
        return 0 if self.newest is None else self.newest.size

    def is_due(self, size: int, now: datetime) -> bool:
        """Whether to ask them about a log of this size."""
        waited = self.tried_at is None or now - self.tried_at >= self.every
        return waited and self.size < size

    def standing(self, size: int, now: datetime) -> dict[str, Json]:
        """Return how far their memory reaches, for the operator."""
        at = None if self.newest is None else datetime.fromtimestamp(self.newest.at, UTC)
        return {
            "kind": self.kind.value,
            "name": self.name,
            "size": self.size,
            "at": None if at is None else at.isoformat(),
            "age_seconds": None if at is None else int((now - at).total_seconds()),
            "behind": max(size - self.size, 0),
            "fault": self.fault or None,
        }


@dataclass(frozen=True, slots=True)
class Anchoring:
    """Asks each outsider in its time. One that fails keeps no other from its turn."""

    log: Log
    anchors: Anchors
    outsiders: Sequence[Outsider]
    now: Callable[[], datetime]
    guarded: bool
    """Whether a fork guard remembers the log."""
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, every_seconds: float) -> None:
        """Look every so often who is due, until cancelled."""
        while True:
            await asyncio.sleep(every_seconds)
            await self.round()

    async def round(self, *, at_once: bool = False) -> None:
        """Ask everybody who is due; `at_once` asks everybody, whatever they said already."""
        async with self.asking:
            head, now = self._head(), self.now()
            await self._remember(head.origin)
            due = [each for each in self.outsiders if at_once or each.is_due(head.size, now)]
            await asyncio.gather(*(self._ask(each, now) for each in due))

    def standings(self) -> Mapping[str, Json]:
        """Return what is remembered outside, for the operator."""
        size, now = self._head().size, self.now()
        asked: list[Json] = [each.standing(size, now) for each in self.outsiders]
        return {"fork_guard": "on" if self.guarded else "none", "anchors": asked}

    async def _remember(self, origin: str) -> None:
        """Find what the outsiders said of this log before this process began."""
        for each in self.outsiders:
            if each.newest is None and each.tried_at is None:
                find = self.anchors.newest
                each.newest = await asyncio.to_thread(find, origin, each.kind, each.name)

    async def _ask(self, outsider: Outsider, now: datetime) -> None:
        outsider.tried_at = now
        try:
            anchor = await outsider.ask(outsider.size)
            await asyncio.to_thread(self.anchors.keep, anchor)
        except AuditError as fault:
            told = str(fault)
            if told != outsider.fault:
                _say.error("anchor failed", outsider=outsider.name, fault=told)
            outsider.fault = told
        else:
            outsider.newest, outsider.fault = anchor, ""

    def _head(self) -> Checkpoint:
        return Checkpoint.parse(Note.parse(self.log.checkpoint).text)


def witnessed(log: Log, witness: Witness, every: timedelta) -> Outsider:
    """Return a witness as somebody to ask."""

    async def ask(seen: int) -> Anchor:
        return await witness.cosign(log, seen)

    return Outsider(AnchorKind.COSIGNATURE, witness.key.name, every, ask)


def stamped(log: Log, stamper: TimeStamper, every: timedelta) -> Outsider:
    """Return a time-stamp authority as somebody to ask."""

    async def ask(_: int) -> Anchor:
        return await stamper.stamp(await log.newest())

    return Outsider(AnchorKind.TIME_STAMP, stamper.name, every, ask)


def posting(client: httpx.AsyncClient) -> Post:
    """Return what sends requests through this client; answers are read up to a limit."""

    async def post(url: str, body: bytes, media_type: str) -> Answer:
        headers = {"Content-Type": media_type}
        try:
            async with client.stream("POST", url, content=body, headers=headers) as response:
                content = bytearray()
                async for part in response.aiter_bytes():
                    content += part
                    if len(content) > MOST_BYTES:
                        raise UnansweredError(response.url.host, f"more than {MOST_BYTES} bytes")
                kind = response.headers.get("Content-Type", "")
                return Answer(response.status_code, kind, bytes(content))
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise UnansweredError(httpx.URL(url).host, type(fault).__name__) from fault

    return post
