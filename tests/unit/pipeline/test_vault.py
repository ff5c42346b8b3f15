import resource
import stat
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import AlteredObjectError, VaultError
from pipeline.vault import DirectoryVault

PICTURE = b"the bytes of a drawn lighthouse"


@pytest.fixture
def vault(tmp_path: Path) -> DirectoryVault:
    return DirectoryVault(tmp_path / "vault", token_bytes(32), token_bytes)


def file_of(vault: DirectoryVault, vault_id: str) -> Path:
    return vault.directory / vault_id[:2] / vault_id


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


class TestDirectoryVault:
    async def test_the_file_holds_no_picture(self, vault: DirectoryVault) -> None:
        """Whoever copies the directory has nothing without the master key."""
        vault_id = await vault.put(PICTURE, uuid4())

        assert PICTURE not in file_of(vault, vault_id).read_bytes()

    async def test_only_the_owner_can_read_and_enter(self, vault: DirectoryVault) -> None:
        """Another account on the machine learns not even how many pictures there are."""
        path = file_of(vault, await vault.put(PICTURE, uuid4()))

        modes = [stat.S_IMODE(item.stat().st_mode) for item in (path, path.parent, vault.directory)]
        assert modes == [0o600, 0o700, 0o700]

    async def test_any_altered_byte_is_noticed(self, vault: DirectoryVault) -> None:
        """Whoever can write to the disk cannot change what is released."""
        path = file_of(vault, vault_id := await vault.put(b"short", uuid4()))
        whole = path.read_bytes()

        for place in range(len(whole)):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(AlteredObjectError):
                await vault.look(vault_id)

    async def test_any_cut_is_noticed(self, vault: DirectoryVault) -> None:
        """A half picture is no picture."""
        path = file_of(vault, vault_id := await vault.put(b"short", uuid4()))
        whole = path.read_bytes()

        for length in range(len(whole)):
            path.write_bytes(whole[:length])
            with pytest.raises(AlteredObjectError):
                await vault.look(vault_id)

    async def test_an_object_does_not_open_under_another_name(self, vault: DirectoryVault) -> None:
        """Swapping two files on the disk swaps no pictures."""
        first, second = await vault.put(PICTURE, uuid4()), await vault.put(b"others", uuid4())
        file_of(vault, first).write_bytes(file_of(vault, second).read_bytes())

        with pytest.raises(AlteredObjectError):
            await vault.look(first)

    async def test_another_master_key_opens_nothing(self, vault: DirectoryVault) -> None:
        """A restored directory with the wrong key says so, and shows nothing."""
        vault_id = await vault.put(PICTURE, uuid4())
        other = DirectoryVault(vault.directory, token_bytes(32), token_bytes)

        with pytest.raises(AlteredObjectError, match="master key"):
            await other.look(vault_id)

    async def test_a_disk_that_fills_up_is_an_error_and_leaves_nothing(
        self, vault: DirectoryVault
    ) -> None:
        """A picture of which half was written must not be taken for one that was sealed."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        try:
            with pytest.raises(VaultError, match="working disk"):
                await vault.put(bytes(1 << 20), uuid4())
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

        assert files_in(vault.directory) == []

    async def test_a_disk_that_fails_is_an_error(self, tmp_path: Path) -> None:
        """A picture that could not be sealed must not be taken for one that was."""
        (tmp_path / "vault").write_bytes(b"a file where the directory should be")
        vault = DirectoryVault(tmp_path / "vault", token_bytes(32), token_bytes)

        with pytest.raises(VaultError, match="working disk"):
            await vault.put(PICTURE, uuid4())

    async def test_a_sweep_takes_what_was_half_written(self, vault: DirectoryVault) -> None:
        """A crash while sealing leaves no bytes for ever."""
        path = file_of(vault, await vault.put(PICTURE, uuid4()))
        part = path.with_name("leftover.part")
        part.write_bytes(b"half")

        await vault.sweep({path.name}, datetime(2100, 1, 1, tzinfo=UTC))

        assert sorted(path.parent.iterdir()) == [path]

    async def test_nothing_but_the_object_remains_after_sealing(
        self, vault: DirectoryVault
    ) -> None:
        """No second copy lies about under a temporary name."""
        path = file_of(vault, await vault.put(PICTURE, uuid4()))

        assert list(path.parent.iterdir()) == [path]

    def test_the_master_key_does_not_show(self, tmp_path: Path) -> None:
        """Objects are printed in errors and logs."""
        key = token_bytes(32)

        shown = repr(DirectoryVault(tmp_path, key, token_bytes))

        assert repr(key) not in shown
        assert key.hex() not in shown

    @given(length=st.integers(0, 64).filter(lambda length: length != 32))
    def test_a_master_key_has_32_bytes(self, length: int) -> None:
        """A short key is refused, not stretched."""
        with pytest.raises(VaultError, match="32 bytes"):
            DirectoryVault(Path("vault"), bytes(length), token_bytes)
