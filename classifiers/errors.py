"""What goes wrong while looking.

* ClassifierError
  - UnreadableError   content is not what it claims to be (bad input: the caller's fault)
  - ModelError        a model is missing, altered or answers nonsense (the installation's fault)
  - BankError         a bank of hashes does not parse, is stale or is missing
  - TermsError        a term list does not parse
"""

from enum import StrEnum


class ClassifierError(Exception):
    """Root of everything that goes wrong while looking."""


class Unreadable(StrEnum):
    """What is wrong with content that cannot be read; the HTTP layer chooses its status by it."""

    MALFORMED = "malformed"
    NOT_A_PICTURE = "not_a_picture"
    UNSUPPORTED_FORMAT = "unsupported_format"
    TRUNCATED = "truncated"
    ANIMATED = "animated"
    TOO_LARGE = "too_large"


class UnreadableError(ClassifierError):
    """Content is not what it claims to be, or is beyond the limits; the message shows nothing."""

    def __init__(self, message: str, kind: Unreadable = Unreadable.MALFORMED) -> None:
        super().__init__(message)
        self.kind = kind


class ModelError(ClassifierError):
    """A model is missing, altered, or answered with something impossible."""


class BankError(ClassifierError):
    """A bank of hashes does not parse, is out of date, or is missing."""


class TermsError(ClassifierError):
    """A term list does not parse."""
