"""Passwords: kept as argon2id hashes, and worked out beside the event loop, few at a time."""

import asyncio
import base64
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

SHORTEST = 12
LONGEST = 200
_AT_ONCE = 2
"""Each takes 64 MiB: many at once would be a way to fill the memory."""


def for_production() -> PasswordHasher:
    """Return the hasher with the parameters of RFC 9106 for 64 MiB."""
    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


@dataclass(frozen=True, slots=True)
class Passwords:
    """Hashes passwords, and tells whether one is right."""

    hasher: PasswordHasher = field(repr=False)
    nobodys: str = field(repr=False)
    """A hash for names that nobody has: they take as long as others."""
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        async with self._turns:
            return await asyncio.to_thread(self.hasher.hash, password)

    async def fits(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one that was hashed; to None none is, and it takes as long."""
        async with self._turns:
            found = await asyncio.to_thread(self._verify, kept or self.nobodys, password)
        return found and kept is not None

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self.hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False


def create(hasher: PasswordHasher) -> Passwords:
    """Return what works with a hasher. Nobody's hash is noughts: no known password makes it."""
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, end = (_base64(bytes(length)) for length in (hasher.salt_len, hasher.hash_len))
    return Passwords(hasher, f"$argon2id$v=19${costs}${salt}${end}")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")
