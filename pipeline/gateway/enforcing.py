"""The operator's routes for strikes: whose count, and to take them back."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from pipeline.duties.enforcement.enforcing import Enforcing
from pipeline.duties.enforcement.errors import LiftingError
from pipeline.gateway.errors import GateError
from pipeline.items import Subject


class NewLifting(BaseModel):
    """Whose strikes are to be taken back, by whom, and why."""

    model_config = ConfigDict(extra="forbid", strict=True)

    subject: str = Field(min_length=1, max_length=200, repr=False)
    """The tenant's own pseudonym."""
    reason: str = Field(min_length=1, max_length=2000)
    person: str = Field(min_length=1, max_length=200)


def routes(enforcing: Enforcing) -> APIRouter:
    """Return the routes; they MUST be served where nobody but the operator can reach them."""
    router = APIRouter(prefix="/strikes")

    @router.get("/{tenant}")
    async def listed(tenant: str) -> list[dict[str, object]]:
        return [
            {
                "subject": who,
                "step": stands.step,
                "until": stands.until,
                "strikes": len(stands.strikes),
                "newest": stands.strikes[-1].submission,
                "codes": sorted({each.code for each in stands.strikes}),
            }
            for who, stands in (await enforcing.counting(tenant)).items()
        ]

    @router.post("/{tenant}/lift")
    async def lifted(tenant: str, new: NewLifting) -> dict[str, int]:
        subject = Subject(tenant, pseudonym=new.subject)
        try:
            return {"lifted": await enforcing.lift(subject, new.person, new.reason)}
        except LiftingError as fault:
            raise GateError(409, str(fault)) from None

    return router
