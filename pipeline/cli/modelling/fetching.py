"""Fetches the files of a pinned model from a hub, through huggingface_hub, or from this machine."""

import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from classifiers.pins import Pin
from pipeline.cli.errors import UnusableError

os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"  # read on import
os.environ["HF_HUB_DISABLE_XET"] = "1"  # a second way to fetch, that no stand-in speaks


def fetch(pin: Pin, folder: Path) -> None:
    """Fetch every file into `folder`, with progress on stderr where that is a terminal.

    A connection that breaks is resumed where it broke. Files that are whole are not fetched anew.
    The hub is `HF_ENDPOINT`, or Hugging Face's. What comes MUST still be checked.

    Raises:
        UnusableError: it is not pinned, not there, or cannot be fetched.
    """
    if pin.revision is None:
        raise UnusableError(pin.name, "a pinned revision", "none: see docs/models.md")
    try:
        from huggingface_hub import hf_hub_download  # noqa: PLC0415 - it comes with an extra
    except ModuleNotFoundError:
        expected = "huggingface_hub, of `pip install -e '.[models]'`"
        raise UnusableError("models pull", expected, "none: or use --from DIR") from None
    with _named_faults(pin):
        for name in pin.files:
            if pin.folder and (folder / name).exists():
                continue  # it was whole, or it would not lie there
            place = hf_hub_download(
                pin.repository,
                name,
                subfolder=pin.folder or None,
                revision=pin.revision,
                local_dir=folder,
                endpoint=os.environ.get("HF_ENDPOINT"),
                token=False,
            )
            if pin.folder:
                Path(place).replace(folder / name)


@contextmanager
def _named_faults(pin: Pin) -> Generator[None]:
    """Tell what the hub answered by its kind: its messages hold addresses with signatures."""
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415 - as above

    of_http = cast("type[Exception]", HfHubHTTPError.__mro__[1])  # the client's own root
    try:
        yield
    except (HfHubHTTPError, of_http, OSError, ValueError) as fault:
        expected = f"{', '.join(pin.files)} at revision {(pin.revision or '')[:8]}"
        got = f"{type(fault).__name__}: pull again to go on"
        raise UnusableError(pin.repository, expected, got) from None


def take(pin: Pin, given: Path, folder: Path) -> None:
    """Copy every file into `folder` from a folder, a zip or a tar archive.

    Names are looked up, nothing is unpacked by its own: no path of an archive is followed.

    Raises:
        UnusableError: it is neither, or a file is missing.
    """
    for name in pin.files:
        try:
            with _opened(given, name) as source, (folder / name).open("wb") as target:
                shutil.copyfileobj(source, target)
        except (KeyError, zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error) as fault:
            expected = f"a folder, a zip or a tar archive with {name}"
            raise UnusableError(str(given), expected, type(fault).__name__) from None


@contextmanager
def _opened(given: Path, name: str) -> Generator[IO[bytes]]:
    """Open the one file called `name`, in whatever folder of an archive it lies."""
    if given.is_dir():
        with (given / name).open("rb") as plain:
            yield plain
    elif zipfile.is_zipfile(given):
        with zipfile.ZipFile(given) as zipped, zipped.open(_one(zipped.namelist(), name)) as packed:
            yield packed
    else:
        with tarfile.open(given) as tarred:
            file = tarred.extractfile(_one(tarred.getnames(), name))
            if file is None:
                raise KeyError(name)
            with file:
                yield file


def _one(names: Sequence[str], name: str) -> str:
    found = [each for each in names if PurePosixPath(each).name == name]
    if len(found) != 1:
        raise KeyError(name)
    return found[0]
