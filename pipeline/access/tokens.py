"""Subject tokens: what a tenant gives an unmodified SDK, so that it speaks for one end user."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import SecretStr

from pipeline.access.callers import Caller
from pipeline.access.permissions import Permission
from pipeline.access.secrets import hash_of, new_bearer
from pipeline.errors import InvalidSubjectError
from pipeline.items import Subject
from pipeline.store.store import Store
from pipeline.store.subject_tokens import SubjectToken

DEFAULT_LIFETIME = timedelta(hours=1)
LONGEST_LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just minted, with its secret, which nobody can see again."""

    secret: SecretStr
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SubjectTokens:
    """Mints subject tokens for callers that may."""

    store: Store
    now: Callable[[], datetime]
    random: Callable[[int], bytes] = field(repr=False)

    async def mint(
        self, caller: Caller, subject: Subject, lifetime: timedelta = DEFAULT_LIFETIME
    ) -> NewToken:
        """Mint a token for one end user of the caller's tenant; it dies with the caller's key.

        `subject` comes from `subject_of`.

        Raises:
            ForbiddenError: the caller may not.
            InvalidSubjectError: it names nobody, or another tenant's user, or lives too long.
        """
        caller.require(Permission.SUBJECT_TOKENS_CREATE)
        if subject.pseudonym is None or subject.tenant != caller.tenant:
            raise InvalidSubjectError("subject", "a named one of this tenant", "another")
        if not timedelta(0) < lifetime <= LONGEST_LIFETIME:
            raise InvalidSubjectError("lifetime", f"up to {LONGEST_LIFETIME}", lifetime)
        secret, expires_at = new_bearer(self.random), self.now() + lifetime
        token = SubjectToken(
            secret_sha256=hash_of(secret),
            tenant=caller.tenant,
            key_id=caller.key_id,
            pseudonym=subject.pseudonym,
            tier=subject.tier,
            territory=subject.territory,
            language=subject.language,
            age_claim=subject.age_claim,
            expires_at=expires_at,
        )
        await self.store.subject_tokens.add(token)
        return NewToken(secret, expires_at)
