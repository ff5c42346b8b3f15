"""A journey: somebody is sent to a provider, and comes back with a proof of who they are."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Journey:
    """What is kept of somebody who was sent away. It MUST be kept where nobody else reads it."""

    state: str = field(repr=False)
    """What has to come back with them: the answer is to this journey."""
    nonce: str = field(repr=False)
    """What the provider's token has to hold: the token is of this journey."""
    verifier: str = field(repr=False)
    """What proves to the provider that whoever comes back is who went (RFC 7636)."""


class Provider(Protocol):
    """Somebody who says who people are."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def issuer(self) -> str:
        """Its address: its subjects are nobody's outside it."""
        ...

    async def sends(self, journey: Journey) -> str:
        """Return the address to send somebody to.

        Raises:
            UnreachableError: the provider does not say where.
        """
        ...

    async def proves(self, journey: Journey, code: str, issuer: str | None) -> str:
        """Return who came back: a subject, which the provider gives to nobody else, ever.

        `code` is what came back with them, and `issuer` who says so, if that came back as well.

        Raises:
            UnprovenError: it is not proven.
            UnreachableError: the provider does not answer.
        """
        ...
