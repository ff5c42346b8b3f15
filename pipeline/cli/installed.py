"""What an installation says of how to judge: its policy sets and its term packs."""

import os
from pathlib import Path
from typing import Annotated

import typer

from classifiers.plugins import Pinned
from classifiers.pulled import NONE, Pulled
from classifiers.term_pack import TermPack
from pipeline import term_packs
from pipeline.settings import FILE_NAME
from pipeline.settings import read as read_settings

Alone = Annotated[
    bool, typer.Option("--alone", help="Leave the installation in the data directory aside.")
]


def installation(data_dir: Path) -> Path | None:
    """Return `data_dir` if it holds the settings of an installation."""
    return data_dir.absolute() if (data_dir / FILE_NAME).exists() else None


def pulled_of(data_dir: Path | None) -> Pulled:
    """Return which of the models that were pulled an installation uses.

    Raises:
        SettingsError: the settings cannot be used.
    """
    return NONE if data_dir is None else read_settings(data_dir, os.environ).pulled


def detectors_of(data_dir: Path | None) -> tuple[Pinned, ...]:
    """Return the detectors that an installation names.

    Raises:
        SettingsError: the settings cannot be used.
    """
    if data_dir is None:
        return ()
    return tuple(each.pinned for each in read_settings(data_dir, os.environ).detectors)


def installed(data_dir: Path | None) -> tuple[tuple[str, ...], tuple[TermPack, ...]]:
    """Return the names of an installation's policy sets, and its term packs, opened.

    Raises:
        SettingsError: the settings or a term pack of theirs cannot be used.
    """
    if data_dir is None:
        return (), ()
    settings = read_settings(data_dir, os.environ)
    return settings.policies, term_packs.opened(settings.term_packs, settings.keys_dir)
