"""Callers: who stands behind a request, and for whom it is made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr

from pipeline.access.permissions import FOR_API_KEYS, FOR_SUBJECT_TOKENS, Permission
from pipeline.access.secrets import hash_of
from pipeline.access.subjects import subject_of
from pipeline.errors import ForbiddenError, UnauthenticatedError
from pipeline.items import NO_HELP, PromptHelp, Subject
from pipeline.store.api_keys import ApiKey
from pipeline.store.store import Store
from pipeline.store.subject_tokens import SubjectToken
from pipeline.store.tenants import Tenant


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who was authenticated."""

    tenant: str
    key_id: UUID
    permissions: frozenset[Permission]
    subject: Subject
    """For whom: the token's subject, or, with an API key, nobody named."""
    by_token: bool
    """Whether a subject token spoke: then the subject is settled, and no header may change it."""
    serves_adults: bool = False
    """Whether its tenant's profile is complete: until then explicit tiers are closed."""
    wanted: PromptHelp = NO_HELP
    """What its tenant has added to the texts of its requests."""

    def require(self, permission: Permission) -> None:
        """Return if the caller has the permission.

        Raises:
            ForbiddenError: they have not.
        """
        if permission not in self.permissions:
            raise ForbiddenError(permission)


@dataclass(frozen=True, slots=True)
class Callers:
    """Authenticates whoever presents a bearer."""

    store: Store
    now: Callable[[], datetime]

    async def authenticate(self, bearer: SecretStr) -> Caller:
        """Return the caller behind an API key or a subject token.

        The secret is looked up by its hash, so neither time nor index tells how near a guess was.

        Raises:
            UnauthenticatedError: it is unknown, revoked or expired; which of them is not said.
        """
        hashed, now = hash_of(bearer), self.now()
        return await self.store.together(lambda part: _caller(part, hashed, now))


async def _caller(store: Store, hashed: str, now: datetime) -> Caller:
    key = await store.api_keys.of_secret(hashed)
    if key is not None:
        tenant = await _tenant(store, key.tenant)
        subject = subject_of(key.tenant, assured=tenant.assured)
        return _for(tenant, key.id, _permissions(key), subject, by_token=False)
    token = await store.subject_tokens.of_secret(hashed, now)
    if token is None:
        raise _unknown()
    return await _by_token(store, token)


async def _by_token(store: Store, token: SubjectToken) -> Caller:
    minted_by = await store.api_keys.get(token.tenant, token.key_id)
    if minted_by is None:
        raise _unknown()
    tenant = await _tenant(store, token.tenant)
    subject = subject_of(
        token.tenant,
        assured=tenant.assured,
        pseudonym=token.pseudonym,
        tier=token.tier,
        territory=token.territory,
        language=token.language,
        age_claim=token.age_claim,
    )
    can = _permissions(minted_by) & FOR_SUBJECT_TOKENS
    return _for(tenant, token.key_id, can, subject, by_token=True)


def _for(
    tenant: Tenant, key_id: UUID, can: frozenset[Permission], subject: Subject, *, by_token: bool
) -> Caller:
    serves = not tenant.profile.missing
    return Caller(tenant.id, key_id, can, subject, by_token, serves, tenant.prompt_help)


async def _tenant(store: Store, tenant: str) -> Tenant:
    found = await store.tenants.get(tenant)
    if found is None:
        raise _unknown()
    return found


def _permissions(key: ApiKey) -> frozenset[Permission]:
    """Return what a key may do; a revoked one is nobody's.

    Raises:
        UnauthenticatedError: it is revoked.
    """
    if key.revoked_at is not None:
        raise _unknown()
    return frozenset(map(Permission, key.permissions)) & FOR_API_KEYS


def _unknown() -> UnauthenticatedError:
    return UnauthenticatedError("bearer", "a valid API key or subject token", "another")
