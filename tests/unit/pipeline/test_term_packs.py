import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from classifiers.errors import TermsError
from pipeline.app import open_house
from pipeline.errors import SettingsError, TermPackError
from pipeline.settings import Settings, first_start, load
from pipeline.term_packs import digest_of, key_for_sealing, opened, seal, unseal

CSV = b"id,list,mode,text\n1,minor,word,zonkwort\n2,gore,word,blivet\n"
KEY = bytes(range(32))
ENV: Mapping[str, str] = {
    "IMPRIMATUR_DEVELOPMENT": "true",
    "IMPRIMATUR_NOVELAI_TOKENS": "pst-" + "c" * 64,
    "IMPRIMATUR_UPSTREAM__BASE_URL": "http://127.0.0.1:9",
}


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An installation with one sealed pack, which its settings name."""
    made = tmp_path / "data"
    first_start(made, os.urandom)
    key = key_for_sealing(made / "keys", [], os.urandom)
    (made / "packs").mkdir()
    sealed = seal("partner", CSV, key, os.urandom)
    (made / "packs" / "partner.terms").write_bytes(sealed)
    name_it(made, digest_of(sealed))
    return made


def name_it(data_dir: Path, digest: str) -> None:
    pack = f'{{name: partner, file: packs/partner.terms, digest: "{digest}"}}'
    (data_dir / "imprimatur.yaml").write_text(f"banks: []\nterm_packs:\n  - {pack}\n")


def settings(data_dir: Path) -> Settings:
    return load(data_dir, ENV)


class TestSealing:
    def test_a_pack_comes_back_as_it_was(self) -> None:
        """Sealed and opened, it has the same terms."""
        sealed = seal("partner", CSV, KEY, os.urandom)

        pack = unseal("partner", sealed, KEY)

        assert [one.id for one in pack.terms] == ["pack.partner.1", "pack.partner.2"]
        assert pack.digest == digest_of(sealed)

    def test_no_word_is_in_the_file_and_no_two_files_are_alike(self) -> None:
        """Whoever reads the disk, or compares two backups, learns nothing of the words."""
        one, other = (seal("partner", CSV, KEY, os.urandom) for _ in range(2))

        assert b"zonkwort" not in one
        assert one != other

    def test_what_is_no_pack_is_not_sealed(self) -> None:
        """Else nobody would know before the next start."""
        with pytest.raises(TermsError, match="line 2"):
            seal("partner", CSV.replace(b"minor", b"nosuch"), KEY, os.urandom)

    @pytest.mark.parametrize("at", [0, 5, 20, -1])
    def test_one_bit_makes_it_another_file(self, at: int) -> None:
        """Nobody drops a word from a pack that they cannot read."""
        altered = bytearray(seal("partner", CSV, KEY, os.urandom))
        altered[at] ^= 1

        with pytest.raises(TermPackError):
            unseal("partner", bytes(altered), KEY)

    @pytest.mark.parametrize("sealed", [b"", b"IMPT\x01", b"IMPT\x01" + b"x" * 12, CSV])
    def test_what_was_never_sealed_is_told(self, sealed: bytes) -> None:
        """A plain list in a pack's place is a mistake that must not pass for a pack."""
        with pytest.raises(TermPackError, match="partner") as caught:
            unseal("partner", sealed, KEY)

        assert "zonkwort" not in str(caught.value)

    def test_a_key_is_made_once(self, tmp_path: Path) -> None:
        """The second pack opens with the first one's key."""
        first = key_for_sealing(tmp_path / "keys", [], os.urandom)

        assert key_for_sealing(tmp_path / "keys", [], os.urandom) == first
        assert (tmp_path / "keys" / "terms.key").stat().st_mode & 0o077 == 0

    def test_no_key_is_made_where_one_is_missing(self, tmp_path: Path) -> None:
        """A new key would hide that the old one, without which nothing opens, is gone."""
        with pytest.raises(SettingsError, match="the key is missing"):
            key_for_sealing(tmp_path / "keys", [tmp_path / "a.terms"], os.urandom)


class TestStart:
    async def test_a_pack_that_is_named_is_looked_for(self, data_dir: Path) -> None:
        """The classifier's id, which is in every leaf, tells that it is there."""
        with_it = settings(data_dir)
        without = with_it.model_copy(update={"term_packs": ()})

        async with open_house(with_it) as house:
            sources = house.gate.judge.sources()
        async with open_house(without) as house:
            assert set(house.gate.judge.sources()) != set(sources)

    async def test_another_file_than_the_one_named_does_not_start(self, data_dir: Path) -> None:
        """Also one that opens: an older pack may lack what was added for a reason."""
        name_it(data_dir, "0" * 64)

        with pytest.raises(SettingsError, match=r"^term_packs\[0\]\.digest: .*another file"):
            async with open_house(settings(data_dir)):
                pass

    def test_another_key_does_not_open_it(self, data_dir: Path) -> None:
        """And it is told apart from a file that was altered."""
        (data_dir / "keys" / "terms.key").write_text("ab" * 32 + "\n")
        found = settings(data_dir)

        with pytest.raises(SettingsError, match=r"^term_packs\[0\]\.file: .*another key"):
            opened(found.term_packs, found.keys_dir)

    def test_a_missing_key_is_named(self, data_dir: Path) -> None:
        """It is to be put back, not to be made."""
        (data_dir / "keys" / "terms.key").unlink()
        found = settings(data_dir)

        with pytest.raises(SettingsError, match=r"terms\.key: the key is missing"):
            opened(found.term_packs, found.keys_dir)

    def test_a_missing_file_is_told_with_all_other_problems(self, data_dir: Path) -> None:
        """Whoever mends settings mends them in one go."""
        (data_dir / "packs" / "partner.terms").unlink()

        with pytest.raises(SettingsError, match=r"term_packs\[0\]\.file: there is no "):
            settings(data_dir)

    def test_a_file_that_goes_between_the_look_and_the_start_is_told(self, data_dir: Path) -> None:
        """One line, and no traceback."""
        found = settings(data_dir)
        (data_dir / "packs" / "partner.terms").unlink()

        with pytest.raises(SettingsError, match="cannot be read: FileNotFoundError"):
            opened(found.term_packs, found.keys_dir)

    @pytest.mark.parametrize(
        ("written", "problem"),
        [
            ("{name: Partner, file: a, digest: " + "a" * 64 + "}", "name: expected a name of"),
            ("{name: partner, file: a, digest: abc}", "digest: expected a sha256"),
            ("{name: partner, file: a}", "digest: missing"),
        ],
    )
    def test_a_pack_without_a_digest_is_no_setting(
        self, written: str, problem: str, data_dir: Path
    ) -> None:
        """A pack is named whole or not at all."""
        (data_dir / "imprimatur.yaml").write_text(f"banks: []\nterm_packs: [{written}]\n")

        with pytest.raises(SettingsError, match=problem):
            settings(data_dir)

    def test_two_packs_of_one_name_are_refused(self, data_dir: Path) -> None:
        """Their ids would be each other's."""
        line = (data_dir / "imprimatur.yaml").read_text().splitlines()[-1]
        (data_dir / "imprimatur.yaml").write_text(f"banks: []\nterm_packs:\n{line}\n{line}\n")

        with pytest.raises(SettingsError, match=r"term_packs\[1\]\.name: partner is there twice"):
            settings(data_dir)
