"""What goes wrong with statements of reasons.

* DsaError
  - StatementError   a statement breaks a rule of the database: it is not sent
  - RefusedError     the database takes nothing from us: the token, or the address
  - UnansweredError  it did not answer, or answered what it does not document: ask again later
"""

from pipeline.errors import PipelineError


class DsaError(PipelineError):
    """Root of what goes wrong with statements of reasons."""


class StatementError(DsaError):
    """A statement breaks a rule of the database."""


class RefusedError(DsaError):
    """The database takes nothing from us: somebody has to look at the token."""


class UnansweredError(DsaError):
    """Nobody knows what became of it; asking by `puid` tells."""
