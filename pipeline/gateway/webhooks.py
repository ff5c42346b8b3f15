"""The operator's routes for webhooks: where tenants are told, and what they were told."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from pipeline.errors import ConflictError
from pipeline.gateway.errors import GateError
from pipeline.store.webhooks import Delivery, Webhook
from pipeline.webhooks.address import MOST_CHARACTERS
from pipeline.webhooks.aiming import Aiming
from pipeline.webhooks.errors import AddressError


class NewAddress(BaseModel):
    """Where a tenant is to be told, and who says so."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    url: str = Field(max_length=MOST_CHARACTERS)
    person: str = Field(min_length=1, max_length=200)


class Again(BaseModel):
    """What is to be tried again: one, or all that is dead."""

    model_config = ConfigDict(extra="forbid")

    id: UUID | None = None


def routes(aiming: Aiming) -> APIRouter:
    """Return the routes; they MUST be served where nobody but the operator can reach them."""
    router = APIRouter(prefix="/webhooks")
    table = aiming.table

    @router.get("")
    async def listed(
        tenant: str | None = None, state: Delivery | None = None
    ) -> list[dict[str, object]]:
        return [_told(each) for each in await table.all(tenant, state)]

    @router.post("/retry")
    async def retried(again: Again) -> dict[str, object]:
        count = await table.retry(aiming.now(), again.id)
        if again.id is not None and not count:
            raise GateError(404, "There is no such webhook, or it is not dead.")
        return {"retried": count}

    @router.put("/{tenant}")
    async def aimed(tenant: str, new: NewAddress) -> dict[str, object]:
        try:
            secret = await aiming.set(tenant, new.url, new.person)
        except AddressError as fault:
            raise GateError(400, str(fault)) from None
        except ConflictError:
            raise GateError(404, "There is no such tenant.") from None
        return {"tenant": tenant, "secret": secret.get_secret_value()}

    return router


def _told(webhook: Webhook) -> dict[str, object]:
    return {
        "id": str(webhook.id),
        "tenant": webhook.tenant,
        "kind": webhook.kind,
        "state": webhook.state,
        "tries": webhook.tries,
        "answer": webhook.answer,
        "created_at": webhook.created_at.isoformat(),
        "next_try": webhook.next_try.isoformat(),
    }
