"""What goes wrong in the sandbox.

* SandboxError
  - RefusedError          the answer is an error: status, message, details
  - UnknownFaultError     somebody asked for a fault that the sandbox does not know
  - NoPicturesError       a folder that is to be served holds no pictures
  - DroppedError          a connection was to be dropped, and no server offers to drop it
"""

from collections.abc import Mapping


class SandboxError(Exception):
    """Something the sandbox does not do."""


class RefusedError(SandboxError):
    """The request is answered with an error, in NovelAI's form."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        details: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message
        self.details = details
        self.headers = headers


class UnknownFaultError(SandboxError):
    """A fault has no such name, or no such number."""

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(f"fault: expected {expected}; got {got!r}")


class NoPicturesError(SandboxError):
    """A folder that is to be served holds no PNG or JPEG file."""

    def __init__(self) -> None:
        super().__init__("pictures: expected a folder with at least one PNG or JPEG file")


class DroppedError(SandboxError):
    """The connection ends here, unanswered; only a caller without a connection sees this."""


def broken() -> RefusedError:
    """The answer to what NovelAI's models choke on: a 500 without a reason."""
    return RefusedError(500, "Error generating image, an internal error occurred")
