"""What goes wrong with enforcement.

* LadderError     the file of its steps cannot be used
* LiftingError    there is nothing to lift, or no reason
"""

from pipeline.errors import PipelineError


class LadderError(PipelineError):
    """The file of the steps cannot be used; nothing is served without it."""


class LiftingError(PipelineError):
    """What somebody wants to lift cannot be."""
