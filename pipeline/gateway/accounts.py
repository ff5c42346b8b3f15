"""The operator's routes for the accounts at NovelAI. No answer holds a token."""

from collections.abc import Generator
from contextlib import contextmanager

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from pipeline.gateway.errors import GateError
from pipeline.novelai.accounts_roster import Listed, Roster, digest_of
from pipeline.novelai.errors import AccountError


class NewAccount(BaseModel):
    """An account to be used beside the others, and by whose word."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    token: SecretStr
    entitlement: str = Field(min_length=1, max_length=2000)
    person: str = Field(min_length=1, max_length=200)


class NewToken(BaseModel):
    """Another token of an account."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    token: SecretStr
    person: str = Field(min_length=1, max_length=200)


class Looked(BaseModel):
    """Who looked at a paused account, and what came of it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    person: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=2000)


def routes(roster: Roster) -> APIRouter:
    """Return the routes; they MUST be served where nobody but the operator can reach them."""
    router = APIRouter(prefix="/accounts")

    @router.get("")
    async def listed() -> dict[str, object]:
        labels = {digest_of(each): each.label for each in roster.accounts.tokens()}
        return {
            "accounts": [_told(each) for each in await roster.listed()],
            "cases": [
                {
                    "id": str(miss.id),
                    "account": labels.get(miss.token, ""),
                    "submission": None if miss.submission is None else str(miss.submission),
                    "tenant": miss.tenant,
                    "cause": miss.cause,
                    "opened_at": miss.opened_at.isoformat(),
                }
                for miss in await roster.table.opened()
            ],
        }

    @router.post("/balance")
    async def balance() -> list[dict[str, object]]:
        return [_told(each) for each in await roster.balance()]

    @router.post("", status_code=201)
    async def added(new: NewAccount) -> dict[str, object]:
        with _refused():
            secret = new.token.get_secret_value()
            return _told(await roster.add(secret, new.entitlement, new.person))

    @router.post("/{label}/rotate")
    async def rotated(label: str, new: NewToken) -> dict[str, object]:
        with _refused():
            return {"kept": await roster.rotate(label, new.token.get_secret_value(), new.person)}

    @router.post("/{label}/resume")
    async def resumed(label: str, looked: Looked) -> dict[str, object]:
        with _refused():
            await roster.resume(label, looked.person, looked.reason)
        return {"resumed": label}

    return router


@contextmanager
def _refused() -> Generator[None]:
    try:
        yield
    except AccountError as fault:
        raise GateError(409, str(fault)) from None


def _told(account: Listed) -> dict[str, object]:
    seen = account.reckoned
    return {
        "account": account.label,
        "state": account.state,
        "since": account.since.isoformat(),
        "rotate": account.is_old,
        "declared_by": account.declared_by,
        "anlas": None if seen is None else seen.balance.anlas,
        "drift": None if seen is None else seen.drift,
        "low": None if seen is None else seen.is_low,
        "active": None if seen is None else seen.balance.active,
    }
