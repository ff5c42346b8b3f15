"""What goes wrong while the demonstration is set up.

* CliError
  - DemoError
    - NotStartedError    a server of the demonstration did not start
"""

from pipeline.cli.errors import CliError


class DemoError(CliError):
    """Root of what goes wrong while the demonstration is set up."""


class NotStartedError(DemoError):
    """A server of the demonstration did not start."""

    def __init__(self, name: str, last_line: str) -> None:
        super().__init__(f"the demonstration's {name} did not start: {last_line}")
