"""Whoever names a provider gets that one, or no server: never one without."""

import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.openid import opening
from pipeline.openid.provider import OpenIdProvider
from pipeline.settings import Settings
from pipeline.settings.openid import OpenId
from tests.unit.pipeline.openid.provider_there import CLIENT_ID, ISSUER, SECRET
from tests.unit.pipeline.world import Clock


def settings(folder: Path, *, mode: int | None = 0o600) -> Settings:
    """Settings that name a provider; with no mode there is no secret."""
    secret = folder / "openid.secret"
    if mode is not None:
        secret.write_text(f"{SECRET}\n")
        secret.chmod(mode)
    named = OpenId(
        name="Acme",
        issuer=ISSUER,
        client_id=CLIENT_ID,
        client_secret_file=secret,
        address="https://gate.example/",
    )
    return Settings(data_dir=folder, banks=(), openid=named)


async def test_the_provider_that_is_named_is_asked(tmp_path: Path) -> None:
    """With the secret of the file, back to where people came from, and closed at the end."""
    async with AsyncExitStack() as closing:
        provider = await opening.opened(settings(tmp_path), closing, Clock())

        assert isinstance(provider, OpenIdProvider)
        assert (provider.name, provider.issuer) == ("Acme", ISSUER)
        assert provider.client.secret.get_secret_value() == SECRET
        assert provider.client.back == "https://gate.example/console/sign-in/back"
        assert not provider.http.follow_redirects
    assert provider.http.is_closed


async def test_where_none_is_named_there_is_none(tmp_path: Path) -> None:
    """And nothing of it is loaded."""
    async with AsyncExitStack() as closing:
        nobody = await opening.opened(Settings(data_dir=tmp_path, banks=()), closing, Clock())

    assert nobody is None


@pytest.mark.parametrize("mode", [None, 0o640])
async def test_without_a_secret_of_its_own_nothing_is_served(
    tmp_path: Path, mode: int | None
) -> None:
    """One that others can read is nobody's."""
    async with AsyncExitStack() as closing:
        with pytest.raises(SettingsError, match="mode 0600"):
            await opening.opened(settings(tmp_path, mode=mode), closing, Clock())


async def test_without_its_library_nothing_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what to install."""
    monkeypatch.setitem(sys.modules, "pipeline.openid.provider", None)
    async with AsyncExitStack() as closing:
        with pytest.raises(SettingsError, match="oidc"):
            await opening.opened(settings(tmp_path), closing, Clock())
