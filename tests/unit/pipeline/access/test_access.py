from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_bytes
from uuid import UUID

import pytest
from pydantic import SecretStr

from pipeline.access.callers import Caller, Callers
from pipeline.access.keys import ApiKeys
from pipeline.access.permissions import FOR_API_KEYS, FOR_SUBJECT_TOKENS, Permission
from pipeline.access.secrets import new_bearer
from pipeline.access.subjects import subject_of
from pipeline.access.tokens import LONGEST_LIFETIME, SubjectTokens
from pipeline.errors import (
    AccessError,
    ConflictError,
    ForbiddenError,
    InvalidSubjectError,
    UnauthenticatedError,
)
from pipeline.items import Subject
from pipeline.store.store import Store
from pipeline.store.tenants import Tenant
from tests.unit.pipeline.world import PROFILE

USER = subject_of("harbour", assured=False, pseudonym="user-7", tier="adult", age_claim="c-1")
HOUR = timedelta(hours=1)


@dataclass
class Clock:
    """A clock that goes only when it is told to."""

    time: datetime = datetime(2031, 5, 4, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@dataclass(frozen=True)
class Door:
    """Everything that decides who comes in."""

    store: Store
    clock: Clock
    keys: ApiKeys
    tokens: SubjectTokens
    callers: Callers

    async def key(self, permissions: frozenset[Permission] = FOR_API_KEYS) -> Caller:
        """Make a key for the first tenant, and come in with it."""
        new = await self.keys.create("harbour", "a test's", permissions)
        return await self.callers.authenticate(new.secret)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """A door over a real store with two tenants."""
    store, clock = Store.open(tmp_path / "app.db"), Clock()
    await store.tenants.add(Tenant("harbour", "Harbour", clock()))
    await store.tenants.add(Tenant("meadow", "Meadow", clock(), assured=True))
    keys, tokens = ApiKeys(store, clock, token_bytes), SubjectTokens(store, clock, token_bytes)
    yield Door(store, clock, keys, tokens, Callers(store, clock))
    await store.close()


class TestApiKeys:
    async def test_a_key_speaks_for_its_tenant_and_nobody_named(self, door: Door) -> None:
        """A key without a subject serves the general audience."""
        new = await door.keys.create("harbour", "server", [Permission.GENERATIONS_CREATE])

        caller = await door.callers.authenticate(new.secret)

        assert caller == Caller(
            tenant="harbour",
            key_id=new.key.id,
            permissions=frozenset({Permission.GENERATIONS_CREATE}),
            subject=Subject("harbour"),
            by_token=False,
        )

    async def test_adults_are_served_once_the_profile_is_complete(self, door: Door) -> None:
        """With a key and with a token alike; one open question closes the tier again."""
        key = await door.keys.create("harbour", "server")
        token = await door.tokens.mint(await door.key(), USER)
        known = await door.store.tenants.get("harbour")
        assert known is not None
        for on_call, serves in (("the harbour master", True), ("", False)):
            profile = PROFILE.model_copy(update={"on_call": on_call})
            await door.store.tenants.change(replace(known, profile=profile))
            callers = [await door.callers.authenticate(each.secret) for each in (key, token)]
            assert [each.serves_adults for each in callers] == [serves, serves]

    async def test_a_tenants_assurance_is_its_keys(self, door: Door) -> None:
        """The tenant declared it once, for all its users."""
        new = await door.keys.create("meadow", "server")

        assert (await door.callers.authenticate(new.secret)).subject.assured

    async def test_a_revoked_key_is_nobodys(self, door: Door) -> None:
        """Revoking works at once."""
        new = await door.keys.create("harbour", "server")

        assert await door.keys.revoke("harbour", new.key.id)
        with pytest.raises(UnauthenticatedError):
            await door.callers.authenticate(new.secret)
        assert not await door.keys.revoke("harbour", new.key.id)

    async def test_a_tenant_revokes_only_its_own(self, door: Door) -> None:
        """Nobody shuts somebody else out."""
        new = await door.keys.create("harbour", "server")

        assert not await door.keys.revoke("meadow", new.key.id)
        assert (await door.callers.authenticate(new.secret)).tenant == "harbour"

    async def test_keys_are_listed_without_their_secrets(self, door: Door) -> None:
        """A secret is shown once."""
        new = await door.keys.create("harbour", "server")
        await door.keys.create("meadow", "theirs")

        listed = await door.keys.of("harbour")

        assert listed == (new.key,)
        assert new.secret.get_secret_value() not in repr((listed, new, door))

    async def test_the_database_holds_no_secret(self, door: Door, tmp_path: Path) -> None:
        """Who copies the database cannot speak for anybody."""
        new = await door.keys.create("harbour", "server")
        caller = await door.callers.authenticate(new.secret)
        token = await door.tokens.mint(caller, USER)

        written = b"".join(path.read_bytes() for path in tmp_path.iterdir())  # noqa: ASYNC240 - a small file, and nobody waits

        assert b"server" in written
        assert new.secret.get_secret_value().encode() not in written
        assert token.secret.get_secret_value().encode() not in written

    async def test_a_key_is_given_nothing_that_is_for_people(self, door: Door) -> None:
        """A ruling needs a name."""
        with pytest.raises(AccessError, match="review:rule"):
            await door.keys.create("harbour", "server", [Permission.REVIEW_RULE])

    async def test_a_key_is_somebodys(self, door: Door) -> None:
        """There are no keys of nobody."""
        with pytest.raises(ConflictError):
            await door.keys.create("nobody", "server")

    async def test_an_unknown_key_is_refused(self, door: Door) -> None:
        """The right shape is not enough."""
        with pytest.raises(UnauthenticatedError):
            await door.callers.authenticate(new_bearer(token_bytes))

    @pytest.mark.parametrize("bearer", ["", "pst-", "Bearer x", "eyJhbGciOi.e30.x", "\x00"])
    async def test_what_is_no_key_is_refused(self, door: Door, bearer: str) -> None:
        """A JWT or an access key of NovelAI's is not ours."""
        with pytest.raises(UnauthenticatedError, match="pst-"):
            await door.callers.authenticate(SecretStr(bearer))


class TestSubjectTokens:
    async def test_a_token_carries_its_subject(self, door: Door) -> None:
        """An unmodified SDK speaks for one end user."""
        minter = await door.key()

        token = await door.tokens.mint(minter, USER)
        caller = await door.callers.authenticate(token.secret)

        assert caller == Caller("harbour", minter.key_id, FOR_SUBJECT_TOKENS, USER, by_token=True)

    async def test_it_expires(self, door: Door) -> None:
        """What an end user's device holds is worth little for long."""
        token = await door.tokens.mint(await door.key(), USER)
        assert token.expires_at == door.clock() + HOUR

        door.clock.time = token.expires_at

        with pytest.raises(UnauthenticatedError):
            await door.callers.authenticate(token.secret)

    async def test_it_dies_with_the_key_that_minted_it(self, door: Door) -> None:
        """A stolen key's tokens are worth nothing once it is revoked."""
        minter = await door.key()
        token = await door.tokens.mint(minter, USER)

        await door.keys.revoke("harbour", minter.key_id)

        with pytest.raises(UnauthenticatedError):
            await door.callers.authenticate(token.secret)

    async def test_it_can_do_no_more_than_its_key(self, door: Door) -> None:
        """Minting is no way around a missing permission."""
        minter = await door.key(frozenset({Permission.SUBJECT_TOKENS_CREATE}))
        token = await door.tokens.mint(minter, USER)

        assert (await door.callers.authenticate(token.secret)).permissions == frozenset()

    async def test_it_cannot_mint(self, door: Door) -> None:
        """An end user does not make themselves another user."""
        token = await door.tokens.mint(await door.key(), USER)
        caller = await door.callers.authenticate(token.secret)

        with pytest.raises(ForbiddenError, match="subject-tokens:create"):
            await door.tokens.mint(caller, USER)

    @pytest.mark.parametrize(
        "subject", [Subject("harbour"), subject_of("meadow", assured=False, pseudonym="user-7")]
    )
    async def test_it_is_for_a_named_user_of_the_tenant(self, door: Door, subject: Subject) -> None:
        """Nobody speaks for another platform's users."""
        with pytest.raises(InvalidSubjectError):
            await door.tokens.mint(await door.key(), subject)

    @pytest.mark.parametrize(
        "lifetime", [timedelta(0), -HOUR, LONGEST_LIFETIME + timedelta(seconds=1)]
    )
    async def test_it_lives_at_most_a_day(self, door: Door, lifetime: timedelta) -> None:
        """Short-lived is a promise, not a default."""
        with pytest.raises(InvalidSubjectError, match="lifetime"):
            await door.tokens.mint(await door.key(), USER, lifetime)

    async def test_expired_ones_are_purged(self, door: Door) -> None:
        """Nobody's pseudonym is kept for longer than it is of use."""
        minter = await door.key()
        await door.tokens.mint(minter, USER)
        await door.tokens.mint(minter, USER, 2 * HOUR)

        assert await door.store.subject_tokens.purge(door.clock() + HOUR) == 1

    async def test_the_secret_and_the_user_do_not_show(self, door: Door) -> None:
        """Objects are printed in errors and logs."""
        token = await door.tokens.mint(await door.key(), USER)
        caller = await door.callers.authenticate(token.secret)

        shown = repr((token, caller))

        assert token.secret.get_secret_value() not in shown
        assert "user-7" not in shown


def test_a_missing_permission_is_named() -> None:
    """The integrator reads which one to ask for."""
    caller = Caller("harbour", UUID(int=1), frozenset(), Subject("harbour"), by_token=False)

    with pytest.raises(ForbiddenError, match="moderation:dry-run"):
        caller.require(Permission.MODERATION_DRY_RUN)
