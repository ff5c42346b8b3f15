"""Repeats: a prompt that is nearly one whose pictures showed the worst is held for a person.

The prompt passed every gate before, so nothing but what came of it tells.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from classifiers.likeness import is_near, likeness
from pipeline.items import Submission
from pipeline.judge import Judge
from pipeline.store.taints import Taints

REMEMBERED: Final = timedelta(days=30)
"""How long a prompt is known again."""
TAINTED: Final = "near_tainted"
"""Why a request is held whose prompt is nearly such a one."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """Knows tainted prompts again, each tenant's own."""

    taints: Taints
    judge: Judge
    now: Callable[[], datetime]

    async def __call__(self, submission: Submission) -> bool:
        """Whether a request repeats a tainted prompt, or nearly.

        Raises:
            StoreError, TimeoutError: nobody knows, and it MUST NOT go on.
        """
        known = await self.taints.of(submission.subject.tenant, self.now() - REMEMBERED)
        if not known:
            return False
        own = await self.judge.run(lambda: likeness(submission.contents.reading))
        return any(is_near(own, each) for each in known)
