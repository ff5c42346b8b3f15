import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoint import Checkpoint
from audit.errors import ConflictError, NotDurableError, UnusableError
from audit.guard import FileGuard, Guard, MemoryGuard

ORIGIN = "gw.example/audit"


def head(size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, bytes([size % 256]) * 32)


def file_guard(folder: Path) -> FileGuard:
    path = folder / "guard"
    path.touch()
    return FileGuard(path)


@pytest.fixture(params=["memory", "file"])
def guard(request: pytest.FixtureRequest, tmp_path: Path) -> Guard:
    return MemoryGuard() if request.param == "memory" else file_guard(tmp_path)


class TestEveryGuard:
    def test_it_remembers_what_was_put_last(self, guard: Guard) -> None:
        assert guard.newest() is None
        guard.swap(None, head(1))
        guard.swap(head(1), head(2))
        guard.swap(head(2), head(300))
        assert guard.newest() == head(300)

    @pytest.mark.parametrize("wrong", [None, head(2), Checkpoint(ORIGIN, 1, b"x" * 32)])
    def test_who_does_not_know_what_it_holds_changes_nothing(
        self, guard: Guard, wrong: Checkpoint | None
    ) -> None:
        """Two histories may differ only in their root."""
        guard.swap(None, head(1))
        with pytest.raises(ConflictError):
            guard.swap(wrong, head(3))
        assert guard.newest() == head(1)


class TestFile:
    def test_a_missing_file_is_no_empty_guard(self, tmp_path: Path) -> None:
        """The volume may not be mounted; to begin anew then would forget everything."""
        guard = FileGuard(tmp_path / "nowhere")
        with pytest.raises(UnusableError, match="no such fork guard"):
            guard.newest()
        with pytest.raises(UnusableError):
            guard.swap(None, head(1))
        assert not guard.path.exists()

    def test_a_write_that_was_cut_off_leaves_the_one_before_it(self, tmp_path: Path) -> None:
        guard = file_guard(tmp_path)
        guard.swap(None, head(1))
        guard.swap(head(1), head(2))
        whole = guard.path.read_bytes()
        guard.swap(head(2), head(3))
        torn = bytearray(guard.path.read_bytes())
        changed = [at for at in range(len(torn)) if torn[at] != whole[at]]
        torn[changed[0]] = whole[changed[0]]
        guard.path.write_bytes(torn)
        assert guard.newest() == head(2)
        guard.swap(head(2), head(3))
        assert guard.newest() == head(3)

    @pytest.mark.parametrize("content", [b"x", b"\n" * 512, b"\0" * 1024, b"{}" * 999])
    def test_what_is_no_guard_is_refused(self, tmp_path: Path, content: bytes) -> None:
        """A path that was mistyped must not be written over."""
        guard = file_guard(tmp_path)
        guard.path.write_bytes(content)
        with pytest.raises(UnusableError, match="no fork guard"):
            guard.swap(None, head(1))
        assert guard.path.read_bytes() == content

    def test_a_file_that_cannot_be_opened_is_asked_again_later(self, tmp_path: Path) -> None:
        with pytest.raises(NotDurableError):
            FileGuard(tmp_path).newest()

    @given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
    def test_what_is_written_is_read(
        self, tmp_path_factory: pytest.TempPathFactory, size: int, root: bytes
    ) -> None:
        guard = file_guard(tmp_path_factory.mktemp("guard"))
        checkpoint = Checkpoint(ORIGIN, size, root)
        guard.swap(None, checkpoint)
        assert FileGuard(guard.path).newest() == checkpoint

    @given(st.binary(max_size=1100))
    def test_no_bytes_make_it_fail_in_another_way(
        self, tmp_path_factory: pytest.TempPathFactory, content: bytes
    ) -> None:
        guard = file_guard(tmp_path_factory.mktemp("guard"))
        guard.path.write_bytes(content)
        if content:
            with pytest.raises(UnusableError):
                guard.newest()

    def test_two_processes_never_both_move_it(self, tmp_path: Path) -> None:
        """Of two that saw the same, one wins and the other is told."""
        guard = file_guard(tmp_path)
        guard.swap(None, head(1))
        children = [os.fork() for _ in range(2) if os.getpid() == PARENT]
        if 0 in children:
            os._exit(_try(guard, head(2 + len(children))))
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        assert sorted(codes) == [0, 1]


PARENT = os.getpid()


def _try(guard: FileGuard, new: Checkpoint) -> int:
    try:
        guard.swap(head(1), new)
    except ConflictError:
        return 1
    return 0
