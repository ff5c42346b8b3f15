"""What goes wrong in the command line itself.

* CliError
  - UnusableError     what a command was given cannot be used; says what to give instead
  - NoServerError     nobody answers on the socket, and the data is held by another process
"""


class CliError(Exception):
    """Root of what goes wrong in the command line itself."""


class UnusableError(CliError):
    """What a command was given cannot be used."""

    def __init__(self, what: str, expected: str, got: str) -> None:
        super().__init__(f"{what}: expected {expected}, got {got}")


class NoServerError(CliError):
    """Another process holds the data and does not answer, or stopped answering."""
