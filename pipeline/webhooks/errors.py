"""What goes wrong when a tenant is told something.

* WebhookError
  - AddressError      an address is not one to which this gateway speaks
  - UndeliveredError  nobody took it
"""


class WebhookError(Exception):
    """Root of what goes wrong when a tenant is told something. MUST NOT show an address's path."""


class AddressError(WebhookError):
    """An address is not one to which this gateway speaks: `str()` says what it has to be."""


class UndeliveredError(WebhookError):
    """Nobody took it: `str()` is the kind of the fault, in a word."""
