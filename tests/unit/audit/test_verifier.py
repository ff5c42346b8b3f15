"""The verifier in one file: the same answers as `audit.verify`, with nothing installed."""

import ast
import json
import subprocess
import sys
import zipfile
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import pytest

import audit
from audit.verifier import MODULES, packed
from audit.verify import verify
from tests.tamper.database import ALONE, ONLY_WITH_MEMORY, Mutation
from tests.tamper.page import tampered
from tests.tamper.scene import Scene, build

SOME = ("leaf edited", "entry dropped, gap closed, every hash edited", "detail dropped",
        "rewritten, signed by a stranger in the log's name", "leaf with a blank, signed",
        "size in a checkpoint changed", "state dropped")  # fmt: skip
TRIED = [each for each in ALONE if each.name in SOME]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return build(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pyz") / "verify.pyz"
    path.write_bytes(packed())
    return path


def stranger(pyz: Path, *arguments: object) -> tuple[int, str, str]:
    """Run it as somebody does who has a Python and nothing else."""
    empty = pyz.parent / "empty"
    empty.mkdir(exist_ok=True)
    command = [sys.executable, "-I", "-S", str(pyz), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=empty, env={})
    assert list(empty.iterdir()) == []
    return done.returncode, done.stdout, done.stderr


def imports(source: str) -> set[str]:
    """Return the modules that a source asks for."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_it_holds_every_module_that_it_asks_for_and_no_other_that_is_not_pythons_own() -> None:
    """One import too many, and it runs on our machine only."""
    with zipfile.ZipFile(BytesIO(packed())) as archive:
        sources = {name: archive.read(name).decode() for name in archive.namelist()}
    asked = {each for source in sources.values() for each in imports(source)}
    ours = {each for each in asked if each.partition(".")[0] == "audit"}

    assert {each.partition(".")[0] for each in asked} <= sys.stdlib_module_names | {"audit"}
    named = {name.replace("/", ".") for name in MODULES if not name.endswith("__init__")}
    assert ours == {f"audit.{name}" for name in named}
    assert not asked & {"socket", "urllib.request", "http.client", "ssl", "subprocess"}


def test_it_runs_where_there_is_nothing_of_unix(scene: Scene, pyz: Path) -> None:
    """An auditor's machine may be one with Windows: no module of Unix alone is asked for."""
    hidden = "fcntl grp posix_ipc pwd resource syslog termios tty"
    run = (
        "import runpy, sys; sys.modules.update(dict.fromkeys(sys.argv.pop(1).split()));"
        " sys.argv.pop(0); runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    command = [sys.executable, "-I", "-S", "-c", run, hidden, pyz, scene.path, scene.vkey]

    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, env={})

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()


def test_but_for_the_signatures_it_is_the_source_byte_for_byte() -> None:
    """Whoever reads the repository has read the verifier."""
    folder = Path(audit.__file__).parent
    with zipfile.ZipFile(BytesIO(packed())) as archive:
        for name in MODULES:
            source = {"signatures": "ed25519", "stamps": "no_stamps"}.get(name, name)
            assert archive.read(f"audit/{name}.py") == (folder / f"{source}.py").read_bytes()


def test_the_same_sources_make_the_same_file() -> None:
    """So its digest can be published, and compared."""
    assert packed() == packed()


def test_a_good_log_holds_and_it_says_what_it_did_not_prove(scene: Scene, pyz: Path) -> None:
    """Nothing but the file, the key and one receipt."""
    key, known = pyz.with_name("log.vkey"), pyz.with_name("known.txt")
    key.write_text(f"{scene.vkey}\n", "utf-8")
    known.write_text(scene.receipt, "utf-8")

    status, output, errors = stranger(pyz, scene.path, key, "--known", known)

    assert (status, errors) == (0, "")
    report = verify(scene.path, scene.vkey, known_checkpoints=[scene.receipt])
    assert output == report.as_text()
    assert [f"({number})" in output for number in range(1, 7)] == [True] * 6
    assert "not proved" in output


@pytest.mark.parametrize("mutation", TRIED, ids=lambda each: each.name)
def test_a_changed_log_gets_the_report_that_we_get(
    mutation: Mutation, scene: Scene, pyz: Path, tmp_path: Path
) -> None:
    """Pure Python and OpenSSL see the same problems, in the same words."""
    assert len(TRIED) == len(SOME)  # a name that is gone would try nothing
    changed = tampered(scene, tmp_path / "copy.db", mutation)

    status, output, _ = stranger(pyz, changed.path, scene.vkey, "--json")

    report = verify(changed.path, scene.vkey)
    assert status == 1
    assert json.loads(output) == json.loads(report.as_json())
    assert json.loads(output)["problem_count"] == asdict(report)["problem_count"] > 0


def test_a_cut_log_is_seen_with_the_receipt(scene: Scene, pyz: Path, tmp_path: Path) -> None:
    """The outside memory works for a stranger as it does for us."""
    known = tmp_path / "known.txt"
    known.write_text(scene.receipt, "utf-8")
    changed = tampered(scene, tmp_path / "copy.db", ONLY_WITH_MEMORY[0])

    assert stranger(pyz, changed.path, scene.vkey)[0] == 0
    assert stranger(pyz, changed.path, scene.vkey, "--known", known)[0] == 1


def test_a_log_is_held_to_a_proof_that_somebody_kept(
    scene: Scene, pyz: Path, tmp_path: Path
) -> None:
    """Its entry is what it was; a log that was rewritten and signed again has another there."""
    kept = tmp_path / "it.proof"
    kept.write_text(scene.proof, "utf-8")
    changed = tampered(scene, tmp_path / "copy.db", ONLY_WITH_MEMORY[1])

    assert stranger(pyz, scene.path, scene.vkey, "--receipt", kept)[0] == 0
    status, output, _ = stranger(pyz, changed.path, scene.vkey, "--receipt", kept)

    assert (status, "a receipt says otherwise" in output) == (1, True), output


def test_what_cannot_be_checked_is_neither_right_nor_wrong(
    scene: Scene, pyz: Path, tmp_path: Path
) -> None:
    """Status 2, with a reason and no traceback."""
    junk = tmp_path / "junk"
    junk.write_bytes(b"\xff junk")
    for arguments in (
        (tmp_path / "missing.db", scene.vkey),
        (junk, scene.vkey),
        (scene.path, "nonsense"),
        (scene.path, junk),
        (scene.path, scene.vkey, "--known", junk),
        (scene.path, scene.vkey, "--known", tmp_path / "missing.txt"),
        (scene.path,),
    ):
        status, output, errors = stranger(pyz, *arguments)
        assert (status, output) == (2, "")
        assert errors
        assert "Traceback" not in errors
