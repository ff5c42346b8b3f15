"""What goes wrong around the log.

* AuditError
  - NotDurableError    an entry is not in the log, or nobody knows whether it is
    - Busy             too many entries wait already; nothing was tried
  - ConflictError      this entry id is in the log, with other content
  - AbsentError        what was asked for is not in the log (unknown, or erased)
  - UnansweredError    an outsider (a witness, a time-stamp authority) did not do what was asked
  - UnusableError      the log as a whole must not be opened, or not be continued
  - MalformedError     bytes or an entry do not have the form they claim to have
  - UntrustedError     the form is right, but a proof, signature or commitment does not hold
"""


class AuditError(Exception):
    """Root of everything that goes wrong around the log."""

    def __init__(self, what: str, why: str) -> None:
        """Name the thing and what is wrong with it; neither MUST be content."""
        super().__init__(f"{what}: {why}")
        self.what = what


class NotDurableError(AuditError):
    """An entry is not known to be durable: what it records MUST NOT take effect."""


class Busy(NotDurableError):  # noqa: N818 - the name the callers' contract gives it
    """Too many entries wait already; nothing was tried, and trying later is safe."""

    def __init__(self, waiting: int) -> None:
        """Say how many entries wait."""
        super().__init__("the log is busy", f"{waiting} entries wait already")


class ConflictError(AuditError):
    """This entry id is in the log already, and what is there differs."""


class AbsentError(AuditError):
    """The log does not hold what was asked for."""


class UnansweredError(AuditError):
    """An outsider did not answer, or not with what was asked for. It may be asked again."""


class UnusableError(AuditError):
    """The log as a whole must not be opened, or must not be continued."""


class MalformedError(AuditError):
    """Bytes or an entry do not have the form they claim to have."""

    def __init__(self, what: str, expected: str, got: object) -> None:
        """Name what was read, what was expected, and what came; `got` MUST NOT be content."""
        super().__init__(what, f"expected {expected}, got {got!r}")


class UntrustedError(AuditError):
    """The form is right, but a proof, a signature or a commitment does not hold."""
