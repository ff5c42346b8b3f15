"""Reads the settings: `imprimatur.yaml` in the data directory, and over it the environment."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from stat import S_IRWXG, S_IRWXO, S_IWGRP, S_IWOTH

from pydantic import SecretStr, ValidationError

from pipeline.errors import SettingsError
from pipeline.settings import checks
from pipeline.settings.explaining import explain
from pipeline.settings.mapping import Tree, overrides, parse, put_over
from pipeline.settings.values import Settings

FILE_NAME = "imprimatur.yaml"
TOKENS = "IMPRIMATUR_NOVELAI_TOKENS"
ONE_TOKEN = "NOVELAI_TOKEN"  # noqa: S105 - the name of a variable, not a secret
LOG_DATABASE = "IMPRIMATUR_LOG_DATABASE"
STORE_DATABASE = "IMPRIMATUR_STORE_DATABASE"
_NOT_SETTINGS = frozenset(
    {
        TOKENS,
        LOG_DATABASE,
        STORE_DATABASE,
        "IMPRIMATUR_LOG_OWNER",
        "IMPRIMATUR_DATA_DIR",
        "IMPRIMATUR_ADDRESS",
        "IMPRIMATUR_KEY",
    }
)


def load(data_dir: Path, env: Mapping[str, str]) -> Settings:
    """Read and check the settings of an installation.

    `IMPRIMATUR_LISTEN__PORT=8080` in `env` stands over `listen: {port: 8788}` in the file; a
    value is JSON where it is JSON, and else a text. NovelAI's tokens come from
    `IMPRIMATUR_NOVELAI_TOKENS` (separated by commas), from the file that `upstream.tokens_file`
    names, or from `NOVELAI_TOKEN`: the first of them that is there. The URL of the log's database
    comes from `IMPRIMATUR_LOG_DATABASE`, or from the file that `log_database_file` names;
    that of the store's likewise.

    Raises:
        SettingsError: they cannot be served with; one line per problem says what to change.
    """
    settings = read(data_dir, env)
    tokens = _tokens(settings, env)
    unused = {"tokens_file": None} if TOKENS in env else {}
    upstream = settings.upstream.model_copy(update={"tokens": tokens, **unused})
    log_url = _url(env.get(LOG_DATABASE), settings.log_database_file, "log_database_file")
    store_url = _url(env.get(STORE_DATABASE), settings.store_database_file, "store_database_file")
    update = {"upstream": upstream, "log_database": log_url, "store_database": store_url}
    settings = settings.model_copy(update=update)
    if problems := checks.problems(settings):
        raise SettingsError(problems)
    return settings


def read(data_dir: Path, env: Mapping[str, str]) -> Settings:
    """Read the settings of an installation as they are written, without a secret.

    Whether they can be served with is left to `load`.

    Raises:
        SettingsError: they are not settings; one line per problem says what to change.
    """
    data_dir = data_dir.absolute()
    written, named = _read(data_dir / FILE_NAME), overrides(env, _NOT_SETTINGS)
    return _validate(put_over(written, named), data_dir, sorted(env))


def _read(path: Path) -> Tree:
    """Read the settings file. Others may read it, since it holds no secret, but not write it."""
    try:
        text = path.read_text(encoding="utf-8")
        danger = checks.exposed(path, S_IWGRP | S_IWOTH)
    except FileNotFoundError:
        raise SettingsError(
            [f"{path}: there is no such file: put it back, or start in a new folder"]
        ) from None
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError([f"{path}: cannot be read: {type(fault).__name__}"]) from None
    if danger:
        raise SettingsError([f"{FILE_NAME}: {danger}"])
    return parse(text, FILE_NAME)


def _validate(tree: Tree, data_dir: Path, env_names: Sequence[str]) -> Settings:
    if misplaced := _misplaced(tree):
        raise SettingsError(misplaced)
    document = json.dumps({**tree, "data_dir": str(data_dir)}, default=str)
    context = {"data_dir": data_dir}
    try:
        return Settings.model_validate_json(document, strict=True, context=context)
    except ValidationError as fault:
        faults = fault.errors(include_url=False, include_context=False, include_input=False)
        raise SettingsError([explain(one, env_names) for one in faults]) from None


def _misplaced(tree: Tree) -> Sequence[str]:
    upstream = tree.get("upstream")
    found: list[str] = []
    if "data_dir" in tree:
        found.append("data_dir: it is where the settings file lies: remove it")
    if isinstance(upstream, dict) and "tokens" in upstream:
        found.append(f"upstream.tokens: secrets do not belong here: use tokens_file or {TOKENS}")
    for name, variable in (("log_database", LOG_DATABASE), ("store_database", STORE_DATABASE)):
        if name in tree:
            hint = f"use {name}_file or {variable}"
            found.append(f"{name}: it holds a password, which does not belong here: {hint}")
    return found


def _url(named: str | None, path: Path | None, setting: str) -> SecretStr | None:
    url = named or ("" if path is None else _secret(path, setting).strip())
    return SecretStr(url) if url else None


def _tokens(settings: Settings, env: Mapping[str, str]) -> tuple[SecretStr, ...]:
    path = settings.upstream.tokens_file
    if TOKENS in env:
        found = env[TOKENS].replace(",", "\n")
    elif path is not None:
        found = _secret(path, "upstream.tokens_file")
    else:
        found = env.get(ONE_TOKEN, "")
    lines = (line.strip() for line in found.splitlines())
    return tuple(SecretStr(line) for line in lines if line and not line.startswith("#"))


def _secret(path: Path, name: str) -> str:
    try:
        danger = checks.exposed(path, S_IRWXG | S_IRWXO)
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError([f"{name}: {path} cannot be read: {type(fault).__name__}"]) from None
    if danger:
        raise SettingsError([f"{name}: {danger}"])
    return text
