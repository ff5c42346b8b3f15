"""The first start: makes the data directory, its keys and a settings file to begin with."""

from collections.abc import Callable
from pathlib import Path

from audit.errors import AuditError
from audit.keyfile import create_secret, read_secret
from pipeline.errors import SettingsError
from pipeline.files import make_folder, write_once
from pipeline.settings.loading import FILE_NAME
from pipeline.settings.values import KEYS

KEY_NAMES = ("vault", "subjects")
"""`vault` wraps the keys of sealed objects; `subjects` makes fingerprints of pseudonyms."""

_KEY_BYTES = 32
_BEGINNING = Path(__file__).with_name("imprimatur.yaml")
_USED = ("app.db", "log.db", "vault", "quarantine")


def first_start(data_dir: Path, random: Callable[[int], bytes]) -> tuple[Path, ...]:
    """Make what an installation begins with, if it has not begun; return what was made.

    The directory (0700), the keys (0600) and `imprimatur.yaml`, each only if it is not there.
    Where there is data already nothing is made: a new key would only hide that the old one,
    without which nothing opens, is missing.

    Raises:
        SettingsError: a file cannot be made.
    """
    if any((data_dir / name).exists() for name in _USED):
        return ()
    made: list[Path] = []
    try:
        if not data_dir.is_dir():
            make_folder(data_dir)
            made.append(data_dir)
        make_folder(data_dir / KEYS)
        for name in KEY_NAMES:
            path = _key_path(data_dir / KEYS, name)
            if not path.exists():
                create_secret(path, random(_KEY_BYTES).hex() + "\n")
                made.append(path)
        path = data_dir / FILE_NAME
        if not path.exists():
            write_once(path, _beginning(random).encode())
            made.append(path)
    except OSError as fault:
        reason = type(fault).__name__
        raise SettingsError([f"{data_dir}: cannot be set up: {reason}: check its rights"]) from None
    return tuple(made)


def read_key(keys_dir: Path, name: str) -> bytes:
    """Read one of `KEY_NAMES`, 32 bytes.

    Raises:
        SettingsError: it is missing, malformed, or others can read it.
    """
    path = _key_path(keys_dir, name)
    try:
        key = bytes.fromhex(read_secret(path))
    except FileNotFoundError:
        raise SettingsError([f"{path}: the key is missing: put it back from its backup"]) from None
    except AuditError:
        raise SettingsError([f"{path}: others can use it: run chmod 0600 {path}"]) from None
    except (OSError, ValueError) as fault:
        reason = type(fault).__name__
        raise SettingsError([f"{path}: not a key: {reason}: put back the right one"]) from None
    if len(key) != _KEY_BYTES:
        raise SettingsError([f"{path}: expected {_KEY_BYTES} bytes: put back the right key"])
    return key


def _key_path(keys_dir: Path, name: str) -> Path:
    return keys_dir / f"{name}.key"


def _beginning(random: Callable[[int], bytes]) -> str:
    """Return the settings to begin with: a name for the log, and the defaults as comments."""
    text = _BEGINNING.read_text(encoding="utf-8")
    return text.replace("imprimatur.local/log", f"imprimatur.local/{random(8).hex()}")
