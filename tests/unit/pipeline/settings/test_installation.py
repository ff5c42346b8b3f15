import re
import stat
from pathlib import Path
from secrets import token_bytes

import pytest

from pipeline.errors import SettingsError
from pipeline.settings import KEY_NAMES, Settings, first_start, load, read_key

TOKEN = "pst-" + "t" * 64
DEVELOPMENT = {"NOVELAI_TOKEN": TOKEN, "IMPRIMATUR_DEVELOPMENT": "true"}


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestFirstStart:
    def test_it_makes_what_an_installation_begins_with(self, tmp_path: Path) -> None:
        """One command on a fresh machine is enough, and it says what it made."""
        data_dir = tmp_path / "data"

        made = first_start(data_dir, token_bytes)

        keys = [data_dir / "keys" / f"{name}.key" for name in KEY_NAMES]
        assert made == (data_dir, *keys, data_dir / "imprimatur.yaml")

    def test_only_the_owner_can_use_it(self, data_dir: Path) -> None:
        """Whatever the umask."""
        keys = data_dir / "keys"

        assert {mode_of(data_dir), mode_of(keys)} == {0o700}
        assert {mode_of(path) for path in keys.iterdir()} == {0o600}
        assert mode_of(data_dir / "imprimatur.yaml") == 0o600

    def test_a_second_start_makes_nothing(self, data_dir: Path) -> None:
        """Keys are made once."""
        before = (data_dir / "keys" / "vault.key").read_bytes()

        assert first_start(data_dir, token_bytes) == ()
        assert (data_dir / "keys" / "vault.key").read_bytes() == before

    def test_it_goes_on_where_it_was_cut_off(self, data_dir: Path) -> None:
        """A start that was killed half way is no riddle."""
        (data_dir / "imprimatur.yaml").unlink()

        assert first_start(data_dir, token_bytes) == (data_dir / "imprimatur.yaml",)

    def test_what_the_operator_wrote_is_left(self, tmp_path: Path) -> None:
        """Settings may be there first, mounted into a container."""
        (tmp_path / "imprimatur.yaml").write_text("banks: []\n")

        first_start(tmp_path, token_bytes)

        assert (tmp_path / "imprimatur.yaml").read_text() == "banks: []\n"
        assert read_key(tmp_path / "keys", "vault")

    @pytest.mark.parametrize("used", ["app.db", "log.db", "vault"])
    def test_where_there_is_data_no_key_is_made(self, tmp_path: Path, used: str) -> None:
        """A new key would hide that the one that opens the data is missing."""
        (tmp_path / used).mkdir()

        assert first_start(tmp_path, token_bytes) == ()
        with pytest.raises(SettingsError, match="backup"):
            read_key(tmp_path / "keys", "vault")

    def test_a_place_that_cannot_be_used_is_a_problem(self, tmp_path: Path) -> None:
        """One line, not a traceback."""
        (tmp_path / "data").write_text("a file")

        with pytest.raises(SettingsError, match="cannot be set up"):
            first_start(tmp_path / "data", token_bytes)

    def test_two_installations_have_two_logs(self, tmp_path: Path) -> None:
        """Checkpoints of one must never pass for the other's."""
        for name in ("one", "two"):
            first_start(tmp_path / name, token_bytes)

        one, two = (load(tmp_path / name, DEVELOPMENT).log_origin for name in ("one", "two"))

        assert one != two


class TestTemplate:
    def test_every_setting_is_in_it(self, data_dir: Path) -> None:
        """Who reads the file knows all there is."""
        text = (data_dir / "imprimatur.yaml").read_text()

        secrets = {"log_database", "store_database"}
        names = set(Settings.model_fields) - {"data_dir"} - secrets
        missing = [name for name in names if not re.search(rf"^#?{name}:", text, re.MULTILINE)]
        assert missing == []

    def test_what_it_calls_a_default_is_one(self, data_dir: Path) -> None:
        """To take a `#` away changes nothing."""
        path = data_dir / "imprimatur.yaml"
        as_it_is = load(data_dir, DEVELOPMENT)
        (data_dir / "child-safety.pub").write_text("")

        path.write_text(re.sub(r"^#(?=( *[a-z_]+:))", "", path.read_text(), flags=re.MULTILINE))
        uncommented = load(data_dir, DEVELOPMENT)

        machine = {"workers", "child_safety_public_key", "data_dir"}
        assert uncommented.model_dump(exclude=machine) == as_it_is.model_dump(exclude=machine)


class TestReadKey:
    def test_a_key_has_32_bytes_and_there_are_two(self, data_dir: Path) -> None:
        """Whoever makes fingerprints must not be able to open the vault."""
        keys = {read_key(data_dir / "keys", name) for name in KEY_NAMES}

        assert {len(key) for key in keys} == {32}
        assert len(keys) == 2

    @pytest.mark.parametrize(
        ("text", "expected"), [("", "32 bytes"), ("ab" * 31, "32 bytes"), ("secret!", "not a key")]
    )
    def test_what_is_no_key_is_refused_and_not_repeated(
        self, data_dir: Path, text: str, expected: str
    ) -> None:
        """A damaged key must not become a weak one."""
        (data_dir / "keys" / "vault.key").write_text(text)

        with pytest.raises(SettingsError, match=expected) as caught:
            read_key(data_dir / "keys", "vault")
        assert "secret" not in str(caught.value)

    def test_a_key_that_others_can_read_is_refused(self, data_dir: Path) -> None:
        """It is a secret no more."""
        (data_dir / "keys" / "vault.key").chmod(0o644)

        with pytest.raises(SettingsError, match="chmod 0600"):
            read_key(data_dir / "keys", "vault")
