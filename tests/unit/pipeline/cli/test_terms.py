import json
from pathlib import Path

import pytest
import yaml

from tests.unit.pipeline.cli.conftest import Run

CSV = "id,list,mode,text\n1,minor,word,zonkwort\nx-2,gore,word,blivet\n"


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list of terms in clear."""
    path = tmp_path / "partner.csv"
    path.write_text(CSV)
    return path


def test_what_is_sealed_is_ready_for_the_settings(run: Run, tmp_path: Path, listed: Path) -> None:
    """An operator copies two lines."""
    said = run("--data-dir", tmp_path / "var", "terms", "seal", listed)

    assert said.exit_code == 0, said.output
    first, second = said.stdout.splitlines()
    assert first == "term_packs:"
    (pack,) = yaml.safe_load(second)
    assert pack["name"] == "partner"
    assert pack["file"] == "packs/partner.terms"
    assert len(pack["digest"]) == 64
    sealed = tmp_path / "var" / "packs" / "partner.terms"
    assert sealed.stat().st_mode & 0o077 == 0
    assert b"zonkwort" not in sealed.read_bytes()


def test_no_command_shows_a_word(run: Run, tmp_path: Path, listed: Path) -> None:
    """Ids and counts are what there is to see."""
    data_dir = tmp_path / "var"
    said = [
        run("--data-dir", data_dir, "terms", "seal", listed),
        run("--data-dir", data_dir, "terms", "seal", listed),
        run("--data-dir", data_dir, "terms", "list"),
        run("--data-dir", data_dir, "terms", "list", "--ids"),
        run("--data-dir", data_dir, "terms", "list", "--ids", "--json"),
    ]

    assert [one.exit_code for one in said] == [0, 2, 0, 0, 0]
    assert "zonkwort" not in "".join(one.output for one in said)
    (pack,) = json.loads(said[-1].stdout)["packs"]
    assert pack["terms"] == {"gore": 1, "minor": 1}
    assert pack["ids"] == {"gore": ["x-2"], "minor": ["1"]}


def test_a_pack_is_never_overwritten(run: Run, tmp_path: Path, listed: Path) -> None:
    """The settings name the old one by its digest: it would be gone."""
    run("--data-dir", tmp_path / "var", "terms", "seal", listed)
    before = (tmp_path / "var" / "packs" / "partner.terms").read_bytes()

    said = run("--data-dir", tmp_path / "var", "terms", "seal", listed)

    assert said.exit_code == 2
    assert "expected no pack of that name" in said.stderr
    assert (tmp_path / "var" / "packs" / "partner.terms").read_bytes() == before


def test_what_is_wrong_is_one_line_without_the_word(run: Run, tmp_path: Path, listed: Path) -> None:
    """It is copied into tickets."""
    listed.write_text(CSV.replace("gore", "nosuch"))

    said = run("--data-dir", tmp_path / "var", "terms", "seal", listed)

    assert said.exit_code == 2
    (line,) = said.stderr.splitlines()
    assert "line 3: expected a list among minor" in line
    assert "blivet" not in line


@pytest.mark.parametrize("name", ["Partner", "../partner", "a b", ""])
def test_a_name_that_is_no_name_is_refused(
    name: str, run: Run, tmp_path: Path, listed: Path
) -> None:
    """It becomes a file, and stands in ids."""
    path = listed.rename(tmp_path / "Own.csv") if not name else listed
    words = ["--name", name] if name else []

    said = run("--data-dir", tmp_path / "var", "terms", "seal", path, *words)

    assert said.exit_code == 2
    assert "--name: expected small letters" in said.stderr


def test_a_pack_that_does_not_open_is_told(run: Run, tmp_path: Path, listed: Path) -> None:
    """Whoever lists packs wants to know that before the next start."""
    data_dir = tmp_path / "var"
    run("--data-dir", data_dir, "terms", "seal", listed)
    (data_dir / "keys" / "terms.key").unlink()
    assert run("--data-dir", data_dir, "terms", "list").exit_code == 2

    (data_dir / "keys" / "terms.key").touch(mode=0o600)
    (data_dir / "keys" / "terms.key").write_text("ab" * 32 + "\n")
    said = run("--data-dir", data_dir, "terms", "list")

    assert said.exit_code == 2
    assert "one altered or of another" in said.stderr


def test_an_installation_without_packs_says_so(run: Run, tmp_path: Path) -> None:
    """And no key is made by looking."""
    said = run("--data-dir", tmp_path / "var", "terms", "list")

    assert (said.exit_code, said.stdout.strip()) == (0, "No packs.")
    assert not (tmp_path / "var" / "keys").exists()
