"""What goes wrong with quality.

* QualityError
  - GoldenError   the file of golden items does not parse, or holds what none may
"""

from pipeline.errors import PipelineError


class QualityError(PipelineError):
    """Root of what goes wrong with quality."""


class GoldenError(QualityError):
    """The file of golden items does not parse, or holds what none may."""
