"""Opens the engines that the settings name."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx

from pipeline.engines.comfyui import ComfyUi
from pipeline.engines.engine import Allowed, Engine, Engines, Lora, SelfHosted
from pipeline.engines.routing import Route, Routing
from pipeline.engines.webui import WebUi
from pipeline.engines.wire import Wire
from pipeline.errors import SettingsError
from pipeline.novelai.catalogue import MODELS
from pipeline.settings.engines import EngineKind, EnginePart, RoutePart

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)


def opened(
    settings: Sequence[EnginePart],
    novelai: Engine,
    http: httpx.AsyncClient,
    loras: Callable[[], Sequence[Lora]],
    random: Callable[[int], bytes],
) -> Engines:
    """Return every engine; nothing is asked of them yet.

    Raises:
        SettingsError: a file of credentials cannot be read.
    """
    return Engines(novelai, tuple(_own(each, http, loras, random) for each in settings))


def routing(routes: Sequence[RoutePart], engines: Engines) -> Routing:
    """Return the routes.

    Raises:
        SettingsError: a name is a model's, or stands for no model.
    """
    known, problems = {*MODELS, *engines.models}, list[str]()
    for number, each in enumerate(routes):
        if each.name in known or not _NAME.fullmatch(each.name):
            problems.append(f"routes[{number}].name: expected a name that no model has, without /")
        if each.to not in known:
            problems.append(f"routes[{number}].to: there is no model {each.to!r}")
    if problems:
        raise SettingsError(problems)
    return Routing(
        tuple(
            Route(
                each.name,
                each.to,
                frozenset(each.tenants),
                frozenset(each.tiers),
                each.busy_from,
                each.anlas_below,
            )
            for each in routes
        )
    )


def _own(
    part: EnginePart,
    http: httpx.AsyncClient,
    loras: Callable[[], Sequence[Lora]],
    random: Callable[[int], bytes],
) -> SelfHosted:
    listed = {each.name: each.sha256 for each in part.checkpoints}
    wire = Wire(part.address, http, _credentials(part.credentials_file))
    match part.kind:
        case EngineKind.WEBUI:
            return WebUi(Allowed(part.name, listed, loras), wire)
        case EngineKind.COMFYUI:
            return ComfyUi(Allowed(part.name, listed, loras, takes_pictures=False), wire, random)


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
