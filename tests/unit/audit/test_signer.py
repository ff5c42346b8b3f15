from pathlib import Path

import pytest

from audit.errors import MalformedError, UnusableError
from audit.note import Note
from audit.signer import Ed25519Signer


def test_a_key_file_goes_round_and_signs_alike(tmp_path: Path) -> None:
    """A checkpoint that was lost can be signed again only if signing repeats itself."""
    made = Ed25519Signer.create(tmp_path / "key", "gw.example/audit")
    loaded = Ed25519Signer.load(tmp_path / "key")
    assert loaded.vkey == made.vkey
    assert loaded.sign("x\n") == made.sign("x\n")
    assert made.vkey.open(Note("x\n", (loaded.sign("x\n"),))) == "x\n"


def test_a_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "key"
    Ed25519Signer.create(file, "a")
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        Ed25519Signer.create(file, "a")
    file.chmod(0o604)
    with pytest.raises(UnusableError):
        Ed25519Signer.load(file)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n"])
def test_names_that_break_the_note_format_get_no_key(tmp_path: Path, name: str) -> None:
    with pytest.raises(MalformedError):
        Ed25519Signer.create(tmp_path / "key", name)


@pytest.mark.parametrize(
    "spoil",
    [
        ("PRIVATE", "PUBLIC"),
        ("PRIVATE+KEY+a+", "PRIVATE+KEY+b+"),
        ("PRIVATE+KEY+a+", "PRIVATE+KEY++"),
        ("+A", "+B"),
    ],
)
def test_a_spoiled_key_line_is_refused_and_never_shown(
    tmp_path: Path, spoil: tuple[str, str]
) -> None:
    Ed25519Signer.create(tmp_path / "key", "a")
    line = (tmp_path / "key").read_text("ascii").strip()
    with pytest.raises(MalformedError) as refused:
        Ed25519Signer.parse(line.replace(*spoil))
    seed = line.split("+", 4)[4][8:]
    assert len(seed) > 30
    assert seed not in str(refused.value)
    assert seed not in repr(Ed25519Signer.parse(line))
