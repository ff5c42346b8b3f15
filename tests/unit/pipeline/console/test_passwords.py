"""Passwords are kept so that a copy of them is of little use, and a guess takes as long as any."""

from argon2 import extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from pipeline.console.passwords import create, for_production
from tests.unit.pipeline.console.conftest import CHEAP


async def test_only_the_password_that_was_hashed_fits() -> None:
    """The whole of it."""
    passwords = create(CHEAP)
    kept = await passwords.hash("correct horse battery")

    assert await passwords.fits(kept, "correct horse battery")
    assert not await passwords.fits(kept, "correct horse batter")
    assert "horse" not in repr(passwords)


async def test_nothing_fits_what_is_no_hash_or_none() -> None:
    """A damaged row, or a name that nobody has, lets nobody in."""
    passwords = create(CHEAP)

    assert not await passwords.fits(None, "")
    assert not await passwords.fits("$argon2id$v=19$m=8", "")


def test_nobodys_hash_costs_what_every_hash_costs() -> None:
    """Else the time of an answer would tell which names exist."""
    hasher = for_production()

    assert extract_parameters(create(hasher).nobodys) == RFC_9106_LOW_MEMORY
    assert hasher.memory_cost >= 64 * 1024
