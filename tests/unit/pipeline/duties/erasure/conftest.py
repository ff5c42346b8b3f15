"""A house with everything that erases, built as `app.py` builds it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from audit.periods import PeriodKeys
from audit.sharding import LEAST_DAYS, Sharding
from audit.turning import Turning
from pipeline.duties.erasure.dropping import Dropping
from pipeline.duties.erasure.ending import Ending
from pipeline.duties.erasure.erasing import Erasing
from pipeline.duties.erasure.holding import Holding
from pipeline.duties.erasure.keeping import Keeping
from pipeline.duties.erasure.retaining import Class, Retaining
from pipeline.items import Subject
from pipeline.novelai.limits import Limits
from pipeline.store.submissions import SubmissionRow
from tests.unit.pipeline.world import NOON, TENANT, World, body, open_world

TERMS = {
    Class.ALLOWED: timedelta(days=90),
    Class.REFUSED: timedelta(days=270),
    Class.DECISIONS: timedelta(days=1095),
    Class.RECORDS: timedelta(days=2555),
}
SEEDS = count(1000)


async def settled() -> None:
    """Nobody else writes."""


@dataclass
class Archive:
    """A house, and what erases and keeps in it."""

    house: World
    keys: PeriodKeys
    keeping: Keeping
    holding: Holding
    erasing: Erasing
    retaining: Retaining
    ending: Ending
    dropping: Dropping

    async def asked(self, subject: str = "u1", prompt: str = "a harbour", **more: Any) -> Any:
        """Have a subject ask for a picture, and return what became of it."""
        house, who = self.house, Subject(TENANT, subject)
        received = house.received(body(prompt, seed=next(SEEDS), **more), who)
        known_as = self.keeping.fingerprint(TENANT, subject)
        with house.gate.desk.entering():
            work = received.work(Limits())
            ticket = await house.gate.desk.submit(received, work, house.key_id, 5, known_as)
        assert ticket.end is not None
        return (await ticket.end).outcome

    async def row(self, subject: str = "u1", prompt: str = "a harbour") -> SubmissionRow:
        """Have a subject ask for a picture, and return its row."""
        outcome = await self.asked(subject, prompt)
        submission = outcome.submission
        return await self.house.row(submission if isinstance(submission, UUID) else submission.id)

    async def tried(self, subject: str, prompt: str) -> None:
        """Have a subject try a prompt without asking for a picture."""
        async with self.house.client(**{"X-Imprimatur-Subject": subject}) as client:
            answer = await client.post("/v1/moderate/prompt", json={"prompt": prompt})
            assert answer.status_code == 200, answer.text

    async def left(self, row: SubmissionRow) -> int:
        """Count the details of a submission that are still there."""
        receipts = await self.house.log.of_submission(row.id)
        return sum([await self.house.log.has_detail(each.entry_id) for each in receipts])


def archive_of(house: World, keys: PeriodKeys) -> Archive:
    keeping = Keeping(house.store, house.log, house.gate.subject_key)
    turning = Turning(house.log, keys, house.clock, uuid4, settled)
    return Archive(
        house=house,
        keys=keys,
        keeping=keeping,
        holding=Holding(keeping, house.clock, uuid4),
        erasing=Erasing(keeping, house.vault, house.lineage, house.clock, uuid4),
        retaining=Retaining(keeping, TERMS, house.clock, uuid4),
        ending=Ending(turning, house.store.erasures, house.clock, timedelta(days=7)),
        dropping=Dropping(
            keeping,
            Sharding(house.log, house.clock, timedelta(days=183), LEAST_DAYS),
            house.clock,
        ),
    )


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    """A whole house for one test."""
    (tmp_path / "keys").mkdir()
    keys = PeriodKeys(tmp_path / "keys", NOON)
    async with open_world(tmp_path, keys=keys) as house:
        yield archive_of(house, keys)
