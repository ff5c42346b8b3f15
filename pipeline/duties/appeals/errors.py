"""What goes wrong with notices and appeals.

* AppealError
  - NothingDecidedError   nothing was decided that could be told or contested
  - TooLateError          the time in which an appeal can be made is over
  - AppealedError         there is an appeal already, with another text
  - NotDecidableError     an appeal cannot be decided so, or by this person
  - TemplatesError        the texts of notices do not parse, or are not complete
"""

from pipeline.errors import PipelineError


class AppealError(PipelineError):
    """Root of what goes wrong with notices and appeals."""


class NothingDecidedError(AppealError):
    """Nothing was decided that could be told or contested."""


class TooLateError(AppealError):
    """The time in which an appeal can be made is over."""


class AppealedError(AppealError):
    """A decision is contested once."""


class NotDecidableError(AppealError):
    """An appeal cannot be decided so, or by this person. Nothing was done."""


class TemplatesError(AppealError):
    """The texts of notices do not parse, or are not complete."""
