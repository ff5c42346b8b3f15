"""Opens the provider that the settings name, if they name one."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime

from pydantic import SecretStr

from audit.errors import AuditError
from audit.keyfile import read_secret
from pipeline.errors import SettingsError
from pipeline.openid.asking import connecting
from pipeline.openid.journey import Provider
from pipeline.settings import Settings


async def opened(
    settings: Settings, closing: AsyncExitStack, now: Callable[[], datetime]
) -> Provider | None:
    """Return who else says who people are; `closing` closes what it holds open.

    Raises:
        SettingsError: its library or its secret is missing.
    """
    said = settings.openid
    if said is None:
        return None
    try:
        from pipeline.openid.provider import (  # noqa: PLC0415 - it comes with an extra
            Client,
            OpenIdProvider,
        )
    except ModuleNotFoundError:
        told = "needs what `pip install -e '.[oidc]'` installs"
        raise SettingsError([f"openid: {told}"]) from None
    path = said.client_secret_file
    try:
        secret = SecretStr(read_secret(path).strip())
    except (AuditError, OSError, ValueError) as fault:
        told = f"{type(fault).__name__}: put the provider's secret there, mode 0600"
        raise SettingsError([f"openid.client_secret_file: {path}: {told}"]) from None
    http = await closing.enter_async_context(connecting())
    client = Client(said.client_id, secret, said.back)
    return OpenIdProvider(said.name, said.issuer, client, http, now)
