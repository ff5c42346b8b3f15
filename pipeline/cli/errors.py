"""What goes wrong in the command line itself.

* CliError
  - UnusableError     what a command was given cannot be used; says what to give instead
  - NoServerError     nobody answers on the socket, and the data is held by another process
  - UpkeepEndedError  what has to happen without anybody asking does not happen any more
"""


class CliError(Exception):
    """Root of what goes wrong in the command line itself."""


class UnusableError(CliError):
    """What a command was given cannot be used."""

    def __init__(self, what: str, expected: str, got: str) -> None:
        super().__init__(f"{what}: expected {expected}, got {got}")


class NoServerError(CliError):
    """Another process holds the data and does not answer, or stopped answering."""


class UpkeepEndedError(CliError):
    """Upkeep ended of itself: holds would not expire, and sick classifiers would stay sick."""

    def __init__(self, fault: str, place: str) -> None:
        super().__init__(
            f"stopped: upkeep ended of itself ({fault} at {place}), and nothing is served without "
            "it: start again, and report this line"
        )
