"""What goes wrong while looking.

* ClassifierError
  - UnreadableError   content is not what it claims to be (bad input: the caller's fault)
  - ModelError        a model is missing, altered or gives impossible output (the installation's fault)
  - BankError         a bank of hashes does not parse, is stale or is missing
  - TermsError        a term list does not parse
"""


class ClassifierError(Exception):
    """Root of everything that goes wrong while looking."""


class UnreadableError(ClassifierError):
    """Content is not what it claims to be, or is beyond the limits."""


class ModelError(ClassifierError):
    """A model is missing, altered, or answered with something impossible."""


class BankError(ClassifierError):
    """A bank of hashes does not parse, is out of date, or is missing."""


class TermsError(ClassifierError):
    """A term list does not parse."""
