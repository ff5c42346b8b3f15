"""What goes wrong with erasure and holds.

* ErasureError
  - UnknownError   nothing is known of what was named: a slip of the pen must not pass for done
"""

from pipeline.errors import PipelineError


class ErasureError(PipelineError):
    """Root of what goes wrong with erasure and holds."""


class UnknownError(ErasureError):
    """Nothing is known of what was named."""
