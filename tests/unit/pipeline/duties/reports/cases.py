"""Cases of a whole house, as far as their filing needs them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from typing_extensions import override

from pipeline.duties.reports.choices import Choices
from pipeline.duties.reports.composing import Attachment, Composed
from pipeline.duties.reports.document import IncidentType, Relevance
from pipeline.items import Halted
from pipeline.settings.reporting import Environment, Reporting, Route
from pipeline.store.reports import Report, Standing, report_id
from pipeline.store.seizures import Seizable
from pipeline.store.submissions import State, SubmissionRow
from tests.unit.pipeline.duties.reports.documents import EARLIER, REPORT
from tests.unit.pipeline.world import NOON, TENANT, World

PROFILE = Reporting(
    tenant=TENANT,
    route=Route.NCMEC,
    environment=Environment.PRODUCTION,
    credentials_file="/nowhere",  # type: ignore[arg-type] # pydantic makes it a path
    service="Harbour",
    email="ts@platform.example",
    page="https://platform.example/generate",
)
CHOICES = Choices(IncidentType.PORNOGRAPHY)
FILES = (
    Attachment("picture-0.png", b"a drawn shape", Relevance.REPORTED, viewed=False, generated=True),
    Attachment(
        "generation_request.json", b"{}", Relevance.SUPPLEMENTAL, viewed=None, generated=False
    ),
)


def composed(**changes: object) -> Composed:
    """What is to be filed: a drawn shape."""
    said: dict[str, object] = {
        "report": REPORT,
        "files": FILES,
        "choices": CHOICES,
        "profile": PROFILE,
        "uploaded_at": EARLIER,
        "delivered": False,
    }
    return Composed(**said | changes)  # type: ignore[arg-type] # the fields of it


async def escalated(house: World) -> Report:
    """The case of a request that was halted for the worst, seized."""
    outcome = await house.end("graveword")
    assert isinstance(outcome, Halted)
    await house.upkeep.round()
    return await case_of(house, report_id(outcome.submission))


async def agreed(house: World) -> Report:
    """A case on which two people agreed, of which there is nothing but the case."""
    row = SubmissionRow(
        uuid4(), TENANT, house.key_id, "0" * 64, 0, 0, NOON, "", "f" * 32, State.HALTED, None, NOON
    )
    seizable = Seizable(uuid4().hex, TENANT, row.id, "CSE.KNOWN", NOON)
    await house.store.admission.admit(row)
    await house.store.seizures.order(seizable)
    return await _approved(house, await case_of(house, report_id(row.id)))


async def approved(house: World) -> Report:
    """A case on which two people agreed."""
    return await _approved(house, await escalated(house))


async def _approved(house: World, case: Report) -> Report:
    table = house.store.reports
    drafted = {"choices": CHOICES.write(), "drafted_by": "person-1"}
    assert await table.move(case, Standing.DRAFTED, NOON, **drafted)
    case = await case_of(house, case.id)
    assert await table.move(case, Standing.APPROVED, NOON, approved_by="person-2")
    return await case_of(house, case.id)


async def case_of(house: World, known_as: UUID) -> Report:
    """The case as it stands."""
    found = await house.store.reports.get(known_as)
    assert found is not None
    return found


@dataclass
class Fuse:
    """Kills at the n-th place where a process can be killed."""

    left: int
    burned: int = field(default=0)

    async def burn(self) -> None:
        """Come one place further."""
        self.burned += 1
        if self.burned > self.left:
            raise Killed


@dataclass
class Pause(Fuse):
    """Stands still at the n-th such place until something else is done, and goes on then."""

    meanwhile: Callable[[], Awaitable[object]] = field(kw_only=True)

    @override
    async def burn(self) -> None:
        self.burned += 1
        if self.burned == self.left + 1:
            await self.meanwhile()


class Killed(BaseException):
    """The process is gone: nothing that it would have done after is done."""
