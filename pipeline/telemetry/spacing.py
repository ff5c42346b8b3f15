"""Spacing: what repeats is let through at once, and then ever more seldom.

For failures: one that lasts a day is told a few dozen times, not once a second.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

FIRST = timedelta(seconds=1)


@dataclass(slots=True)
class Spacing:
    """Lets each thing through at first, and again after 1, 2, 4 ... seconds, `longest` at last."""

    longest: timedelta
    _last: dict[str, tuple[datetime, timedelta]] = field(default_factory=dict)
    """When each was let through, and how long it waits since then."""

    def is_due(self, what: str, now: datetime) -> bool:
        """Whether its turn has come; if so, the next is after twice the wait."""
        known = self._last.get(what)
        if known is None:
            self._last[what] = now, FIRST
            return True
        at, wait = known
        if timedelta() <= now - at < wait:  # a clock that is set back keeps nothing waiting
            return False
        self._last[what] = now, min(2 * wait, self.longest)
        return True

    def forget(self, what: str) -> None:
        """Let it through at once the next time: it has not failed since."""
        self._last.pop(what, None)
