"""What goes wrong with reports.

* ReportError
  - NotReportableError   a case cannot be drafted, approved, closed or filed so
  - EvidenceError        what a platform says of somebody is not as it has to be
  - BrokenRuleError      a document breaks a rule: it is not sent
  - AnswerError          what came back is no answer of this service
    - UnansweredError      nobody knows what became of a call
  - RefusedError         the service takes nothing from us: the credentials, or what they may
"""

from pipeline.errors import PipelineError


class ReportError(PipelineError):
    """Root of what goes wrong with reports."""


class NotReportableError(ReportError):
    """A case cannot be drafted, approved, closed or filed so. Nothing was done."""


class EvidenceError(ReportError):
    """What a platform says of somebody is not as it has to be. The message never repeats it."""


class BrokenRuleError(ReportError):
    """A document breaks a rule of the service: it is not sent."""


class AnswerError(ReportError):
    """What came back is no answer that this service documents."""


class UnansweredError(AnswerError):
    """Nobody knows what became of a call."""


class RefusedError(ReportError):
    """The service takes nothing from us: somebody has to look at the credentials."""
