"""The accounts behind tokens: who they are, what they have left, whether they are busy."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from pipeline.sandbox import price
from pipeline.sandbox.catalogue import Family
from pipeline.sandbox.errors import RefusedError
from pipeline.sandbox.job import Job
from pipeline.sandbox.settings import Account

END_OF_TIME: Final = 4_102_444_800  # 2100-01-01: the sandbox has no clock, and nothing ends
_PERSISTENT = "pst-"
_KEY_LENGTH = 64
_OPUS = 3
_PERCENT_PER_PICTURE = 1 / 17.3


@dataclass(slots=True)
class Standing:
    """What one account has left just now."""

    account: Account
    balance: int
    usage_percent: float
    busy: bool = False

    @property
    def is_opus(self) -> bool:
        """Whether the account is on the tier whose first picture is free."""
        return self.account.active and self.account.tier == _OPUS

    @contextmanager
    def locked(self) -> Generator[None]:
        """Hold the account for one generation.

        Raises:
            RefusedError: 429, if a generation is running on it.
        """
        if self.busy:
            raise RefusedError(429, "Concurrent generation is locked")
        self.busy = True
        try:
            yield
        finally:
            self.busy = False

    def pay(self, job: Job) -> int:
        """Take the price of a job from the balance, and say what it was.

        Raises:
            RefusedError: 402, if the balance does not cover it; nothing is taken.
        """
        is_newest = job.model.family is Family.V5
        free = self.is_opus and price.may_be_free(job)
        free = free and not (is_newest and self.usage_percent < 0)
        cost = price.total(job, first_is_free=free)
        self.charge(cost)
        if free and is_newest:
            self.usage_percent -= _PERCENT_PER_PICTURE
        return cost

    def charge(self, cost: int) -> None:
        """Take so much from the balance.

        Raises:
            RefusedError: 402, if it is not there; nothing is taken.
        """
        if not self.account.active or cost > self.balance:
            raise RefusedError(402, "Not enough Anlas")
        self.balance -= cost


class Accounts:
    """Every account that was ever used in this sandbox."""

    def __init__(self, tokens: Mapping[str, Account] | None, anybody: Account) -> None:
        self._known = tokens
        self._anybody = anybody
        self._issued: dict[str, str] = {}
        self._standings: dict[str, Standing] = {}

    def reset(self) -> None:
        """Give every account back what it had; issued logins stay valid."""
        self._standings = {}

    def of(self, authorization: str) -> Standing:
        """The account that an `Authorization` header names.

        Raises:
            RefusedError: 401, if it names none.
        """
        scheme, _, presented = authorization.partition(" ")
        token = self._issued.get(presented.strip(), presented.strip())
        account = self._account(token, logged_in=presented.strip() in self._issued)
        if scheme.lower() != "bearer" or account is None:
            raise RefusedError(401, "Unauthorized")
        fresh = Standing(account, account.balance, account.usage_percent)
        return self._standings.setdefault(token, fresh)

    def log_in(self, key: str) -> str:
        """The access token for an access key.

        Raises:
            RefusedError: 401, if no account has that key.
        """
        if len(key) != _KEY_LENGTH or self._account(key, logged_in=True) is None:
            raise RefusedError(401, "Incorrect access key.")
        token = _access_token(key)
        self._issued[token] = key
        return token

    def _account(self, token: str, *, logged_in: bool) -> Account | None:
        if self._known is not None:
            return self._known.get(token)
        return self._anybody if logged_in or token.startswith(_PERSISTENT) else None


def _access_token(key: str) -> str:
    """A JWT in form, the same for the same key."""
    subject = sha256(key.encode("utf-8", "replace")).hexdigest()[:16]
    claims = {"id": subject, "nc": subject, "iat": 0, "exp": END_OF_TIME}
    head = ".".join(_encoded(json.dumps(part)) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    seal = hmac.digest(b"imprimatur sandbox", head.encode("ascii"), "sha256")
    return f"{head}.{urlsafe_b64encode(seal).decode('ascii').rstrip('=')}"


def _encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode("ascii")).decode("ascii").rstrip("=")
