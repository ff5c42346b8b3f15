"""A receiver knows that it is us, and no tenant's secret opens as another's."""

import base64
import os
from uuid import UUID

import pytest
from pydantic import SecretStr

from pipeline.webhooks.errors import AddressError
from pipeline.webhooks.signing import Sealer, new_secret, signed

SEALER = Sealer(b"k" * 32, os.urandom)


def test_it_signs_as_the_convention_says() -> None:
    """Receivers use ready libraries: the bytes were computed apart, with openssl."""
    secret = SecretStr("whsec_" + base64.b64encode(b"\x01" * 32).decode())

    told = signed(secret, UUID(int=1), 1_700_000_000, b'{"a":1}')

    assert told == {
        "webhook-id": "00000000-0000-0000-0000-000000000001",
        "webhook-timestamp": "1700000000",
        "webhook-signature": "v1,f09boH8MkbDM1/p9lMgYliBNYZv7Oh7MzWFjAR+KcjM=",
    }


def test_a_secret_opens_for_its_tenant_alone() -> None:
    """A row that somebody copied to another tenant signs nothing."""
    secret = new_secret(os.urandom)
    sealed = SEALER.seal("harbour", secret)

    assert SEALER.open("harbour", sealed) == secret
    assert secret.get_secret_value().encode() not in sealed
    for tenant, altered in (("meadow", sealed), ("harbour", sealed[:-1]), ("harbour", b"")):
        with pytest.raises(AddressError):
            SEALER.open(tenant, altered)
    assert "k" * 8 not in repr(SEALER)
