import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.errors import BankError
from classifiers.hash_index import shared


class Filling:
    """Fills memory with sevens, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, memory: NDArray[np.uint8]) -> None:
        memory[:] = 7
        self.times += 1


def refusing(memory: NDArray[np.uint8]) -> None:
    memory[:] = 9
    raise BankError("does not verify")


def names(place: Path) -> set[str]:
    return {path.name for path in place.iterdir()}


class TestOpened:
    def test_it_is_filled_once_for_all_and_nobody_can_write_to_it(self, tmp_path: Path) -> None:
        """Each worker that decrypted a copy of its own would take the memory again."""
        filling = Filling()
        both = [shared.opened(tmp_path / "m", "a", 5000, filling) for _ in range(2)]

        assert filling.times == 1
        assert all(one.tobytes() == bytes([7]) * 5000 for one in both)
        assert not any(one.flags.writeable for one in both)

    def test_memory_of_ones_own_needs_no_place(self) -> None:
        """Not every machine has a file system in memory."""
        filling = Filling()
        own = shared.opened(None, "a", 5000, filling)

        assert own.tobytes() == bytes([7]) * 5000
        assert not own.flags.writeable

    def test_without_room_the_memory_is_ones_own(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A container has 64 MB there; to run out of it later would kill the process."""

        def full(handle: int, offset: int, size: int) -> None:
            raise OSError(errno.ENOSPC, "no space left", (handle, offset, size))

        monkeypatch.setattr(os, "posix_fallocate", full)
        own = shared.opened(tmp_path / "m", "a", 5000, Filling())

        assert own.tobytes() == bytes([7]) * 5000
        assert names(tmp_path / "m") == {".lock"}

    @pytest.mark.parametrize("shared_with_others", [True, False])
    def test_what_does_not_verify_leaves_nothing_behind(
        self, tmp_path: Path, shared_with_others: bool
    ) -> None:
        """The next process would take it for a whole one."""
        place = tmp_path / "m" if shared_with_others else None
        with pytest.raises(BankError):
            shared.opened(place, "a", 5000, refusing)

        filling = Filling()
        assert shared.opened(place, "a", 5000, filling).tobytes() == bytes([7]) * 5000
        assert filling.times == 1

    def test_a_file_of_another_size_is_made_again(self, tmp_path: Path) -> None:
        """It is none of ours."""
        shared.opened(tmp_path / "m", "a", 10, Filling())

        assert len(shared.opened(tmp_path / "m", "a", 5000, Filling())) == 5000

    def test_only_the_owner_can_enter(self, tmp_path: Path) -> None:
        """The hashes lie there in the clear."""
        held = shared.opened(tmp_path / "m", "a", 10, Filling())

        assert (tmp_path / "m").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "m" / "a").stat().st_mode & 0o777 == 0o600
        assert len(held) == 10

    def test_a_folder_that_cannot_be_made_is_an_error_of_the_list(self, tmp_path: Path) -> None:
        """A missing folder must not read as a segment that somebody merged."""
        with pytest.raises(BankError, match="can be made"):
            shared.opened(tmp_path / "none" / "m", "a", 10, Filling())

    @pytest.mark.parametrize("mode", [0o755, 0o770])
    def test_a_folder_that_others_can_enter_is_refused(self, tmp_path: Path, mode: int) -> None:
        """Another user could have put an emptied list there."""
        (tmp_path / "m").mkdir()
        (tmp_path / "m").chmod(mode)

        with pytest.raises(BankError, match="ours alone"):
            shared.opened(tmp_path / "m", "a", 10, Filling())

    def test_a_link_to_a_folder_is_refused(self, tmp_path: Path) -> None:
        """It would lead the clear text to a disk."""
        (tmp_path / "disk").mkdir(mode=0o700)
        (tmp_path / "m").symlink_to(tmp_path / "disk")

        with pytest.raises(BankError, match="ours alone"):
            shared.opened(tmp_path / "m", "a", 10, Filling())


class TestSweep:
    def test_what_somebody_maps_stays_and_the_rest_goes(self, tmp_path: Path) -> None:
        """Decrypted hashes must not lie in memory longer than somebody needs them."""
        place = tmp_path / "m"
        held = shared.opened(place, "held", 10, Filling())
        shared.opened(place, "dropped", 10, Filling())
        shared.opened(place, "kept", 10, Filling())
        (place / "broken.draft").write_bytes(b"left by a process that was killed")

        shared.sweep(place, {"kept"})
        assert names(place) == {".lock", "held", "kept"}

        assert held.tobytes() == bytes([7]) * 10
        del held
        shared.sweep(place, ())
        assert names(place) == {".lock"}

    def test_another_process_holds_it_too_until_it_is_killed(self, tmp_path: Path) -> None:
        """A worker that dies cannot clean up; whoever comes next does."""
        place = tmp_path / "m"
        shared.opened(place, "a", 10, Filling())
        program = (
            "import sys, pathlib\n"
            "from classifiers.hash_index import shared\n"
            "held = shared.opened(pathlib.Path(sys.argv[1]), 'a', 10, exit)\n"
            "print(held.tobytes().hex(), flush=True)\n"
            "sys.stdin.read()\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program, str(place)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as other:
            assert other.stdout is not None
            assert other.stdout.readline().strip() == "07" * 10
            shared.sweep(place, ())
            assert names(place) == {".lock", "a"}
            other.kill()
        shared.sweep(place, ())
        assert names(place) == {".lock"}

    def test_no_place_and_none_there_are_nothing_to_do(self, tmp_path: Path) -> None:
        """To close twice is no error."""
        shared.sweep(None, ())
        shared.sweep(tmp_path / "m", ())
        assert not (tmp_path / "m").exists()
