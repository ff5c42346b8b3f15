"""Delivers what tenants are to be told, again and again until they take it, or for a day.

At least once: what was taken and not yet noted when the power went is sent again, under its id.
"""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import structlog

from pipeline.errors import StoreError
from pipeline.store.webhooks import Delivery, Webhook, Webhooks
from pipeline.webhooks.errors import AddressError, UndeliveredError
from pipeline.webhooks.signing import Sealer, signed

WAITS: Final = tuple(
    timedelta(seconds=each) for each in (5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
)
"""How long to wait after each try that failed, up to half as long more; after the last: dead."""
KEPT: Final = timedelta(days=30)
"""How long what is over can be listed, and what is dead be tried again."""
MOST_TOGETHER: Final = 32
PURGE_EVERY: Final = 600

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[int]]

_say = structlog.get_logger("webhooks")


@dataclass(frozen=True, slots=True)
class Delivering:
    """Runs in the background, a round at a time."""

    table: Webhooks
    sealer: Sealer
    post: Post
    now: Callable[[], datetime]
    random: Callable[[], float]
    """Between 0 and 1: what failed together is not tried again together."""

    async def run(self, every_seconds: float) -> None:
        """Do rounds until cancelled; while app.db cannot be asked, nothing is sent."""
        for count in itertools.count():
            await asyncio.sleep(every_seconds)
            try:
                await self.round()
                if count % PURGE_EVERY == 0:
                    await self.table.purge(self.now() - KEPT)
            except StoreError as fault:
                _say.error("webhooks failed", fault=type(fault).__name__)

    async def round(self) -> None:
        """Try whatever is due, all of it at once."""
        due = await self.table.due(self.now(), MOST_TOGETHER)
        await asyncio.gather(*map(self._try, due))

    async def _try(self, webhook: Webhook) -> None:
        try:
            status = await self._sent(webhook)
        except (UndeliveredError, AddressError) as fault:
            told = str(fault) if isinstance(fault, UndeliveredError) else type(fault).__name__
            await self._failed(webhook, told)
            return
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            await self.table.tried(webhook, Delivery.DELIVERED, str(status), self.now())
        else:
            await self._failed(webhook, str(status))

    async def _sent(self, webhook: Webhook) -> int:
        target = await self.table.target(webhook.tenant)
        if target is None:
            raise UndeliveredError("NoAddress")
        body = _written(webhook)
        secret = self.sealer.open(webhook.tenant, target.sealed_secret)
        headers = signed(secret, webhook.id, int(self.now().timestamp()), body)
        return await self.post(target.url, {"Content-Type": "application/json", **headers}, body)

    async def _failed(self, webhook: Webhook, answer: str) -> None:
        now = self.now()
        if webhook.tries < len(WAITS):
            wait = WAITS[webhook.tries] * (1 + self.random() / 2)
            await self.table.tried(webhook, Delivery.PENDING, answer, now + wait)
            return
        _say.error("webhook dead", webhook=str(webhook.id), tenant=webhook.tenant, answer=answer)
        await self.table.tried(webhook, Delivery.DEAD, answer, now)


def _written(webhook: Webhook) -> bytes:
    """Return what a receiver reads: the same bytes at each try."""
    told = {
        "id": str(webhook.id),
        "kind": webhook.kind,
        "tenant": webhook.tenant,
        "at": webhook.created_at.isoformat(),
        "data": dict(webhook.body),
    }
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
