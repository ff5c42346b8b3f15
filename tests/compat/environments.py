"""One virtual environment per SDK: the three cannot share one, and none is ours to import."""

import shutil
import subprocess
import sys
import venv
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOLDER = ROOT / ".venv-compat"
SDKS = ("novelai-sdk", "novelai-api", "novelai-python")


class EnvironmentFailedError(Exception):
    """An environment could not be made; the message ends with what pip said."""


def interpreters() -> dict[str, Path]:
    """Return each SDK's Python, making the environments that are missing or out of date.

    Raises:
        EnvironmentFailedError: one cannot be made.
    """
    with ThreadPoolExecutor(len(SDKS)) as pool:
        return dict(zip(SDKS, pool.map(_interpreter, SDKS), strict=True))


def _interpreter(sdk: str) -> Path:
    """Return the Python of an environment that holds exactly what is pinned, by digest."""
    requirements = HERE / f"requirements-{sdk}.txt"
    folder = FOLDER / sdk
    python, stamp = folder / "bin" / "python", folder / "made-of"
    made_of = sha256(sys.version.encode() + requirements.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == made_of:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=False, symlinks=True)
    _install(python, requirements)
    stamp.write_text(made_of)
    return python


def _install(python: Path, requirements: Path) -> None:
    """Install with our own pip, so that the environment needs none; wheels only, no compiler."""
    quietly = ("--quiet", "--disable-pip-version-check", "--no-compile")
    pinned = ("--require-hashes", "--only-binary", ":all:", "--requirement", str(requirements))
    pip = (sys.executable, "-m", "pip", "--python", str(python), "install", *quietly, *pinned)
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"{requirements.name}: pip exited with {done.returncode}: {done.stderr[-2000:]}"
        raise EnvironmentFailedError(message)
