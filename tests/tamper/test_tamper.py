"""The tamper matrix: what somebody with the file can do to it, and who sees it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from audit.export.check import verify_export
from audit.leaf import Leaf
from audit.proof import Proof
from audit.seal import Sealed
from audit.verify import verify
from audit.vkey import VerifierKey
from tests.tamper.attacker import unguarded
from tests.tamper.database import ALONE, ONLY_WITH_MEMORY, REGROWN
from tests.tamper.exports import CHANGES, made
from tests.tamper.page import PAGE, Matrix, Row, page, run
from tests.tamper.papers import FORGERIES
from tests.tamper.scene import SIZE, Scene, admission, build


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Made once: whatever changes the file changes a copy."""
    return build(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def matrix(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    return run(scene, tmp_path_factory.mktemp("copies"))


def test_the_untouched_log_holds(scene: Scene) -> None:
    """Else what is seen below may have been there before."""
    report = verify(scene.path, scene.vkey, known_checkpoints=[scene.older, scene.receipt])

    assert report.problems == ()
    assert (report.entries, report.sealed, report.erased) == (SIZE, SIZE - 6, 1)


def test_dropping_the_triggers_alone_is_no_change(scene: Scene, tmp_path: Path) -> None:
    """So each mutation is seen for itself."""
    copied = scene.copied(tmp_path / "copy.db")
    attacker = unguarded(copied.path, copied.signer)
    attacker.run("COMMIT")
    attacker.db.close()

    assert verify(copied.path, copied.vkey).ok


def test_every_change_to_the_file_is_seen_by_the_verifier_alone(matrix: Matrix) -> None:
    """It needs the file and the key, and nobody's word."""
    assert [row.name for row in matrix.alone if not row.seen[0].caught] == []
    assert len(matrix.alone) == len(ALONE) >= 40


def test_every_forged_paper_is_refused(matrix: Matrix) -> None:
    """A proof, a receipt and a key are all that an outsider has."""
    assert [row.name for row in matrix.papers if not row.seen[0].caught] == []
    assert len(matrix.papers) == len(FORGERIES)


def test_every_changed_export_is_seen(matrix: Matrix) -> None:
    """Whoever was given it needs the log's key, and nothing else."""
    assert [row.name for row in matrix.exports if not row.seen[0].caught] == []
    assert len(matrix.exports) == len(CHANGES) >= 12


def test_the_untouched_export_holds(scene: Scene, tmp_path: Path) -> None:
    """Also when it is signed again as it is: so what is seen is the change."""
    forger = made(scene, tmp_path / "export")
    report = verify_export(forger.folder, scene.vkey, known_checkpoints=[scene.older])
    forger.say_and_sign()

    assert report.problems == ()
    assert (report.erased, report.values) == (1, 4)
    assert verify_export(forger.folder, scene.vkey).ok


def test_the_untouched_papers_hold(scene: Scene) -> None:
    """A check that refuses everything would pass the test above."""
    key = VerifierKey.parse(scene.vkey)
    entry = admission(50)
    leaf = Leaf.parse(scene.leaf)
    with closing(sqlite3.connect(scene.path)) as connection:
        sealed = connection.execute(
            "SELECT key_id, wrapped, nonce, ciphertext FROM detail WHERE entry_id = ?",
            (entry.entry_id.bytes,),
        ).fetchone()

    assert Proof.parse(scene.proof).verify(scene.leaf, key).size == SIZE
    assert scene.keys.open(Sealed(*sealed), leaf).personal == entry.personal


def test_what_only_a_memory_sees_passes_without_one_and_is_seen_with_a_receipt(
    matrix: Matrix,
) -> None:
    """These are inherent in any log of its own: the page must say so plainly."""
    saw = {row.name: [each.caught for each in row.seen] for row in matrix.remembered}
    cut, rewritten = (each.name for each in ONLY_WITH_MEMORY)

    assert saw == {
        cut: [False, False, True],
        rewritten: [False, True, True],
        REGROWN.name: [False, False, True],
    }


def test_the_page_is_what_happens(matrix: Matrix) -> None:
    """`make tamper` writes it again."""
    assert PAGE.read_text("utf-8") == page(matrix)


def test_every_mutation_has_a_name_of_its_own(matrix: Matrix) -> None:
    """A row that is there twice is counted twice."""
    names = [row.name for row in _all_rows(matrix)]

    assert len({*names}) == len(names) == matrix.count


def _all_rows(matrix: Matrix) -> list[Row]:
    return [*matrix.alone, *matrix.remembered, *matrix.papers, *matrix.exports]
