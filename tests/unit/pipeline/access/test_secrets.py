import re
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from pipeline.access.secrets import hash_of, new_bearer
from pipeline.errors import UnauthenticatedError

SHAPE = re.compile(r"pst-[A-Za-z0-9_-]{64}", re.ASCII)


@given(seed=st.binary(min_size=48, max_size=48))
def test_every_secret_has_the_shape_of_a_persistent_token(seed: bytes) -> None:
    """The SDKs refuse, or warn of, any other."""
    bearer = new_bearer(lambda length: seed[:length])

    assert SHAPE.fullmatch(bearer.get_secret_value())


@given(st.lists(st.binary(min_size=48, max_size=48), min_size=2, max_size=2, unique=True))
def test_two_seeds_are_two_secrets(seeds: list[bytes]) -> None:
    """No randomness is lost on the way."""
    first, second = seeds

    bearers = (new_bearer(lambda _: first), new_bearer(lambda _: second))

    assert hash_of(bearers[0]) != hash_of(bearers[1])


@given(seed=st.binary(min_size=48, max_size=48))
def test_a_secret_does_not_show(seed: bytes) -> None:
    """Objects are printed in errors and logs."""
    bearer = new_bearer(lambda length: seed[:length])

    assert bearer.get_secret_value() not in f"{bearer} {bearer!r}"


@given(text=st.text().filter(lambda text: not SHAPE.fullmatch(text)))
def test_any_other_text_is_refused_and_not_repeated(text: str) -> None:
    """What somebody presents may be another service's secret."""
    with pytest.raises(UnauthenticatedError) as caught:
        hash_of(SecretStr(text))
    assert str(caught.value) == "bearer: expected `pst-` and 64 characters, got another shape"


def test_what_is_kept_is_the_plain_sha256() -> None:
    """An operator can find a leaked key's row from the key alone."""
    bearer = "pst-" + "a" * 64

    assert hash_of(SecretStr(bearer)) == sha256(bearer.encode()).hexdigest()
