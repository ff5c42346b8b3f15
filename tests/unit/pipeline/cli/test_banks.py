"""The commands of banks without a server; with one, `tests/e2e/test_banks.py`."""

from pathlib import Path

import pytest

from tests.unit.pipeline.cli.conftest import Run


@pytest.mark.parametrize(
    "words", [("list",), ("show", "x"), ("stats", "x"), ("export", "x", "--to", "y")]
)
def test_who_only_looks_makes_nothing(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    """A mistyped folder must not become an installation with a key."""
    said = run("--data-dir", tmp_path / "var", "banks", *words)

    assert said.exit_code == 1
    assert "no banks yet" in said.stderr
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "--kind"),
        (("--kind", "csam", "--delimiter", "colon"), "--delimiter"),
        (("--kind", "csam", "--columns", "md5"), "--columns"),
        (("--kind", "csam", "--format", "csv", "--columns", "md5=x"), "1 bad lines"),
        (("--kind", "csam"), "expected the header"),
        (("--kind", "csam", "--terms", "nowhere.txt"), "nowhere.txt"),
    ],
)
def test_what_cannot_be_imported_is_told(
    run: Run, tmp_path: Path, options: tuple[str, ...], expected: str
) -> None:
    """One line says what to give instead."""
    file = tmp_path / "list.csv"
    file.write_text("a,b\n1,2\n")

    said = run("--data-dir", tmp_path / "var", "banks", "import", file, "--bank", "a", *options)

    assert said.exit_code == 2
    assert expected in said.stderr
