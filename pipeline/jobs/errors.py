"""What goes wrong at the desk.

* JobError
  - BusyError              as much is in flight as this installation carries
  - LongWaitError          a job would wait longer than this installation lets it
  - ClosingError           the server is stopping and admits nothing
  - KeyReusedError         an idempotency key came with another body
  - OverBudgetError        the tenant has spent what it may spend
  - SubjectSpentError      its end user has spent what each may spend in a day
  - RefusedOftenError      its end user or its key was refused so often that it has to wait
  - RotationError          the log's keys cannot be changed so
  - RulingError            a ruling is not possible
  - RestError              a person has looked at enough pictures for now
  - NotLookedError         somebody failed to look: nothing follows from that, but to try again
"""

from datetime import datetime


class JobError(Exception):
    """Root of what goes wrong at the desk."""


class BusyError(JobError):
    """As much is in flight as this installation carries."""


class LongWaitError(JobError):
    """A job would wait longer than this installation lets it."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"{seconds} seconds too long")
        self.seconds = seconds


class ClosingError(JobError):
    """The server is stopping: it finishes what it has and admits nothing."""


class KeyReusedError(JobError):
    """An idempotency key came a second time, with another body."""


class OverBudgetError(JobError):
    """The tenant has spent what it may spend."""


class SubjectSpentError(JobError):
    """Its end user has spent what each of the tenant's may spend in a day."""


class RefusedOftenError(JobError):
    """Its end user or its key was refused so often that it has to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait for {seconds} seconds")
        self.seconds = seconds


class RotationError(JobError):
    """The log's keys cannot be changed so: `str()` says what to do first."""


class RulingError(JobError):
    """A ruling is not possible: `str()` says why, without content."""


class RestError(JobError):
    """A person has looked at enough pictures for now: `until` says for how long none is shown."""

    def __init__(self, until: datetime) -> None:
        super().__init__("a break is due")
        self.until = until


class NotLookedError(JobError):
    """Somebody failed to look, so nobody knows what today's policy says. It MUST be tried again."""
