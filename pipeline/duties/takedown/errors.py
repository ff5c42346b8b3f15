"""What goes wrong with notices to take something down.

* TakedownError   a notice cannot be taken, completed or decided so
"""

from pipeline.errors import PipelineError


class TakedownError(PipelineError):
    """A notice cannot be taken, completed or decided so. Nothing was done."""
