"""An export is opened by an implementation that shares no line with ours, and both agree."""

import ast
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from audit.export.check import verify_export
from audit.export.profile import Profile
from tests.tamper.exporting import World, exported, order_of, packed
from tests.tamper.exports import CHANGES, Change, Forger, changed, made
from tests.tamper.scene import build
from tests.unit.audit.export import second_verifier
from tests.unit.audit.export.second_verifier import Refused, open_second
from tests.unit.audit.export.world import scope

OURS = {
    "earlier checkpoint moved to another size, signed", "reason that the scope has not, signed",
    "reason that no shard was dropped for, signed",
    "count of erased details changed, signed", "all disclosed values dropped, signed",
    "cell of the table changed, signed", "figure changed, signed",
    "policy under another's digest, signed", "zip file with a tail", "zip file that is squeezed",
}  # fmt: skip
"""What breaks only rules of ours, about what is no evidence: the second one does not know them."""


@pytest.fixture(scope="module")
def exports(world: World, tmp_path_factory: pytest.TempPathFactory) -> Mapping[Profile, Path]:
    folder = tmp_path_factory.mktemp("second")
    return {each: exported(world, folder / each, order_of(scope(each))) for each in Profile}


def test_it_is_made_of_nothing_of_ours() -> None:
    """Else it would repeat our mistakes."""
    tree = ast.parse(Path(second_verifier.__file__).read_text("utf-8"))
    asked = {each.module or "" for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)}
    asked |= {n.name for each in ast.walk(tree) if isinstance(each, ast.Import) for n in each.names}

    assert {each.partition(".")[0] for each in asked} <= sys.stdlib_module_names


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("as_one_file", [False, True], ids=["directory", "packed"])
def test_it_opens_every_export(
    profile: Profile,
    *,
    as_one_file: bool,
    exports: Mapping[Profile, Path],
    world: World,
    tmp_path: Path,
) -> None:
    """Whoever distrusts our verifier can write one in a day."""
    path = exports[profile]
    if as_one_file:
        path = packed(path).rename(tmp_path / "export.zip")

    manifest = open_second(path, world.vkey)

    assert manifest["disclosed"] == verify_export(path, world.vkey).disclosed


def test_it_refuses_what_ours_refuses(tmp_path: Path) -> None:
    """Of every change in the tamper matrix, but for those that break rules of ours alone."""
    forger = made(build(tmp_path), tmp_path / "export")
    passed = {each.name for each in CHANGES if _opens(forger, each, tmp_path)}

    assert open_second(forger.folder, forger.scene.vkey)
    assert passed == OURS


def _opens(forger: Forger, change: Change, folder: Path) -> bool:
    try:
        open_second(changed(forger, change, folder), forger.scene.vkey)
    except (Refused, ValueError, KeyError, OSError):
        return False
    return True
