"""What goes wrong when another says who somebody is.

* OpenIdError
  - UnreachableError  the provider does not answer, or not as it has to
  - UnprovenError     what came does not prove who somebody is
"""


class OpenIdError(Exception):
    """Root of what goes wrong. `str()` says what, in words of ours: no token, no claim."""


class UnreachableError(OpenIdError):
    """The provider does not answer, or not as it has to: later it may."""


class UnprovenError(OpenIdError):
    """What came does not prove who somebody is: nobody is let in."""
