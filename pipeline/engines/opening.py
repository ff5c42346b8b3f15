"""Opens the engines that the settings name."""

from collections.abc import Callable, Sequence
from pathlib import Path

import httpx

from pipeline.engines.engine import Allowed, Engine, Engines, Lora
from pipeline.engines.webui import WebUi
from pipeline.engines.wire import Wire
from pipeline.errors import SettingsError
from pipeline.settings.engines import EnginePart


def opened(
    settings: Sequence[EnginePart],
    novelai: Engine,
    http: httpx.AsyncClient,
    loras: Callable[[], Sequence[Lora]] = tuple[Lora, ...],
) -> Engines:
    """Return every engine; nothing is asked of them yet.

    Raises:
        SettingsError: a file of credentials cannot be read.
    """
    return Engines(novelai, tuple(_own(each, http, loras) for each in settings))


def _own(part: EnginePart, http: httpx.AsyncClient, loras: Callable[[], Sequence[Lora]]) -> WebUi:
    listed = {each.name: each.sha256 for each in part.checkpoints}
    wire = Wire(part.address, http, _credentials(part.credentials_file))
    return WebUi(Allowed(part.name, listed, loras), wire)


def _credentials(path: Path | None) -> tuple[str, str] | None:
    if path is None:
        return None
    try:
        user, colon, password = path.read_text("ascii").strip().partition(":")
    except (OSError, UnicodeDecodeError):
        user = colon = password = ""
    if not (user and colon and password):
        raise SettingsError([f"engines.credentials_file: {path}: expected USER:PASSWORD"])
    return user, password
