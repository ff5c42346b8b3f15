"""What goes wrong in the console. Each is a page; none repeats what was sent, nor says more.

* ConsoleError
  - AccountError        an account cannot be made or changed so
  - WrongError          name, password and code do not belong together; which of them is not said
  - ElsewhereError      a provider did not say who somebody is, or they have no account
  - WaitError           too many attempts: the page says how long to wait
  - SignedOutError      there is no session, or it has ended
  - ForgedError         a form did not come from a page of this session
  - NotAllowedError     the role does not include it
  - NowhereError        there is no such thing, or none that this account may see
"""


class ConsoleError(Exception):
    """A page instead of another. `message` is for anybody: it MUST NOT hold content."""

    status = 400
    title = "That did not work"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class AccountError(ConsoleError):
    """An account cannot be made or changed so."""

    status = 409


class WrongError(ConsoleError):
    """Name, password and code do not belong together."""

    status = 403
    title = "Not signed in"

    def __init__(self) -> None:
        super().__init__("The name, the password or the code is wrong. A code works once.")


class ElsewhereError(ConsoleError):
    """A provider did not say who somebody is, or they have no account."""

    title = "Not signed in"

    def __init__(self, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.status = status


class WaitError(ConsoleError):
    """There were too many attempts."""

    status = 429
    title = "Please wait"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"There were too many attempts. Try again in {seconds} seconds.")
        self.seconds = seconds


class SignedOutError(ConsoleError):
    """There is no session, or it has ended."""

    status = 401
    title = "You are signed out"

    def __init__(self) -> None:
        super().__init__("Your session has ended, so nothing was done. Sign in and do it again.")


class ForgedError(ConsoleError):
    """A form did not come from a page of this session."""

    status = 403
    title = "This form cannot be used"

    def __init__(self, message: str) -> None:
        super().__init__(f"{message} Nothing was done.")


class NotAllowedError(ConsoleError):
    """The role does not include it."""

    status = 403
    title = "Not for your role"

    def __init__(self) -> None:
        super().__init__("Your account's role does not include this.")


class NowhereError(ConsoleError):
    """There is no such thing, or none that this account may see: the two look alike."""

    status = 404
    title = "There is no such page"

    def __init__(self) -> None:
        super().__init__("It may have been closed meanwhile, or it was never there.")
