from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pipeline.sandbox import job
from pipeline.sandbox.accounts import Accounts, Standing
from pipeline.sandbox.body import Body
from pipeline.sandbox.errors import RefusedError
from pipeline.sandbox.settings import OPUS, Account

Asked = Callable[..., dict[str, Any]]
_TABLET = Account(tier=1, balance=50)


def _standing(account: Account) -> Standing:
    return Accounts({"pst-a": account}, OPUS).of("Bearer pst-a")


class TestOf:
    def test_any_persistent_token_has_an_account_of_its_own(self) -> None:
        """Without a list of tokens, nobody is in anybody's way."""
        accounts = Accounts(None, OPUS)

        assert accounts.of("Bearer pst-a") is accounts.of("bearer pst-a")
        assert accounts.of("Bearer pst-a") is not accounts.of("Bearer pst-b")

    @pytest.mark.parametrize("header", ["", "Bearer ", "Bearer abc", "Basic pst-a", "pst-a"])
    def test_anything_else_is_nobody(self, header: str) -> None:
        """A gateway must learn that its token is wrong."""
        with pytest.raises(RefusedError) as refusal:
            Accounts(None, OPUS).of(header)

        assert (refusal.value.status, refusal.value.message) == (401, "Unauthorized")

    def test_a_list_of_tokens_is_the_whole_list(self) -> None:
        """With one, a well-formed stranger is a stranger."""
        with pytest.raises(RefusedError):
            Accounts({"pst-a": OPUS}, OPUS).of("Bearer pst-b")


class TestLogIn:
    def test_the_token_for_a_key_is_good(self) -> None:
        """A login that leads nowhere is no login."""
        accounts = Accounts({"k" * 64: _TABLET}, OPUS)

        token = accounts.log_in("k" * 64)

        assert token.startswith("ey")
        assert accounts.of(f"Bearer {token}").account == _TABLET

    @pytest.mark.parametrize("key", ["", "k" * 63, "x" * 64])
    def test_another_key_is_refused(self, key: str) -> None:
        """In the words that clients look for."""
        with pytest.raises(RefusedError, match="Incorrect access key"):
            Accounts({"k" * 64: OPUS}, OPUS).log_in(key)


class TestPay:
    def test_who_is_not_on_opus_pays_for_all(self, asked: Asked) -> None:
        """The first picture is free on the highest tier alone."""
        standing = _standing(_TABLET)
        work = job.read(Body(asked(width=832, height=1216), parts=None))

        assert standing.pay(work) == 20
        assert standing.balance == 30

    def test_opus_pays_for_the_second_picture(self, asked: Asked) -> None:
        """The free rule counts pictures, not requests."""
        standing = _standing(OPUS)
        work = job.read(Body(asked(width=832, height=1216, n_samples=2), parts=None))

        assert standing.pay(work) == 20

    @pytest.mark.parametrize("account", [replace(_TABLET, balance=19), replace(OPUS, active=False)])
    def test_who_cannot_pay_keeps_what_there_is(self, asked: Asked, account: Account) -> None:
        """A refusal costs nothing."""
        standing = _standing(account)
        work = job.read(Body(asked(width=832, height=1216), parts=None))

        with pytest.raises(RefusedError, match="Not enough Anlas"):
            standing.pay(work)

        assert standing.balance == account.balance

    def test_v5_is_free_until_its_meter_is_below_zero(self, asked: Asked) -> None:
        """The newest models have a meter of their own."""
        standing = _standing(replace(OPUS, usage_percent=0.0))
        envelope = asked(width=832, height=1216) | {"model": "nai-diffusion-5-full"}
        work = job.read(Body(envelope, parts=None))

        assert [standing.pay(work), standing.pay(work)] == [0, 30]
        assert standing.usage_percent < 0


class TestLocked:
    def test_a_busy_account_is_locked_until_the_work_is_over(self) -> None:
        """One generation at a time, also when the first one fails."""
        standing = _standing(OPUS)

        with pytest.raises(RefusedError, match="locked"), standing.locked(), standing.locked():
            raise AssertionError

        assert not standing.busy
