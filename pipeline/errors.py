"""What goes wrong in the parts that carry an item.

* PipelineError
  - SettingsError          the settings are unsafe, contradictory or do not parse
  - StoreError             app.db does not do what it was asked
    - StoreLockedError       another process has it, or does this
    - StoreVersionError      another version of the program made it
    - StoreUnavailableError  it is read-only, full, damaged or closed
    - LostFileError          it, or the log that it follows, is new beside the other's history
    - ConflictError          what is to be added exists already, or names what does not
  - VaultError             a sealed object cannot be written, read or destroyed
    - MissingObjectError     there is no such object
    - AlteredObjectError     it does not open: altered, cut, or sealed under another key
    - NotExaminedError       the receipt is not the examination of this very object
  - MarkingError           a picture cannot be made into the file that is to leave
  - TermPackError          a pack of terms does not open
  - QuarantineError        an object cannot be sealed for the child-safety team, or opened by it
  - FindingsError          what is said to have been found does not parse
  - ChangeError            a change may not be made so
  - HaltError              the kill switch cannot be set or lifted so
  - AccessError            somebody may not do what they ask
    - UnauthenticatedError   no key or token stands behind the request
    - ForbiddenError         the permission is missing
    - InvalidSubjectError    what a tenant states about its end user does not parse
"""

from collections.abc import Sequence


class PipelineError(Exception):
    """Root of what goes wrong in the parts that carry an item.

    `got` MUST NOT be content or a secret: name its kind, its length, or nothing.
    """

    def __init__(self, what: str, expected: str, got: object) -> None:
        super().__init__(f"{what}: expected {expected}, got {got}")
        self.what = what


class SettingsError(PipelineError):
    """The settings cannot be served with: each problem is one line that says what to change."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("settings", "no problem", len(problems))
        self.args = ("\n".join(problems),)
        self.problems = tuple(problems)


class StoreError(PipelineError):
    """The store does not do what it was asked."""


class StoreLockedError(StoreError):
    """Another process has the store, or does what one alone may do."""


class StoreVersionError(StoreError):
    """The file was made by another version of the program."""


class StoreUnavailableError(StoreError):
    """The file is read-only, full, damaged or closed. Nothing was written."""


class LostFileError(StoreError):
    """One of log.db and app.db was lost, and made anew. Nothing MUST be served or destroyed."""


class ConflictError(StoreError):
    """What is to be added exists already, or names something that does not. Nothing was written."""


class VaultError(PipelineError):
    """A sealed object cannot be written, read or destroyed."""


class MissingObjectError(VaultError):
    """There is no such object: it was never sealed, or it was destroyed."""


class AlteredObjectError(VaultError):
    """An object does not open: it was altered or cut, or sealed under another key."""


class NotExaminedError(VaultError):
    """The receipt does not show that this very object was examined."""


class MarkingError(PipelineError):
    """A picture cannot be made into the file that is to leave. It MUST NOT leave."""

    def __init__(self, expected: str, got: object) -> None:
        super().__init__("picture to leave", expected, got)


class TermPackError(PipelineError):
    """A sealed pack of terms does not open. The message tells nothing of what is in it."""


class QuarantineError(PipelineError):
    """An object cannot be sealed for the child-safety team, or cannot be opened by it."""


class HaltError(PipelineError):
    """The kill switch cannot be set or lifted so: `str()` says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__("halt", message, "something else")
        self.args = (message,)


class FindingsError(PipelineError):
    """What is said to have been found does not parse."""


class ChangeError(PipelineError):
    """A change may not be made so: `str()` says what to do. Nothing was changed."""

    def __init__(self, message: str) -> None:
        super().__init__("change", message, "something else")
        self.args = (message,)


class AccessError(PipelineError):
    """Somebody may not do what they ask."""


class UnauthenticatedError(AccessError):
    """No key or token stands behind the request."""


class ForbiddenError(AccessError):
    """The permission is missing."""

    def __init__(self, permission: str) -> None:
        super().__init__("permission", permission, "none")
        self.permission = permission


class InvalidSubjectError(AccessError):
    """What a tenant states about its end user does not parse. The message never repeats it."""
