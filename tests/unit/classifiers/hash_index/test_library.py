import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from classifiers.errors import BankError
from classifiers.hash_index import Found, Library, Listed, Scan, add, create, withdraw, writing

KEY = b"k" * 32


def hashes(rows: int, seed: int = 1) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (rows, 32), dtype=np.uint8)


def listed(rows: int, seed: int = 1) -> list[Listed]:
    return [Listed(one.tobytes(), f"{seed}/{n}") for n, one in enumerate(hashes(rows, seed))]


def asked(rows: list[Listed]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(row.hash for row in rows), np.uint8).reshape(-1, 32)


def opened(folder: Path, rows: list[Listed], memory: Path | None = None) -> Library:
    create(folder, KEY)
    library = Library(folder, KEY, memory)
    add(library, rows)
    return library


@pytest.fixture(params=["shared", "own"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "memory" if request.param == "shared" else None


@pytest.fixture(autouse=True)
def short_tail(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few rows make segments, and a few segments are merged."""
    monkeypatch.setattr(writing, "TAIL", 8)


class TestChanges:
    @settings(
        max_examples=25,
        deadline=None,  # disks take their time
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        steps=st.lists(
            st.tuples(st.booleans(), st.lists(st.integers(0, 59), min_size=1, max_size=14)),
            max_size=12,
        ),
        radius=st.integers(0, 31),
    )
    def test_after_any_changes_it_finds_what_comparing_all_that_is_left_finds(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        steps: list[tuple[bool, list[int]]],
        radius: int,
    ) -> None:
        """Tail, segments, merges and withdrawn rows are ways to store one list, no more."""
        pool = [
            Listed((int.from_bytes(hashes(1)[0].tobytes()) ^ 1 << n).to_bytes(32), str(n))
            for n in range(60)
        ]
        library = opened(tmp_path_factory.mktemp("list"), [])
        model: list[Listed] = []
        for adds, numbers in steps:
            rows = [pool[number] for number in numbers]
            if adds:
                add(library, rows)
                model += rows
            else:
                gone = set(rows)
                assert withdraw(library, gone) == sum(row in gone for row in model)
                model = [row for row in model if row not in gone]
        other = Library(library.folder, KEY)

        queries = asked(pool[:20])
        expected = sorted(
            (m.query, m.distance, model[m.row].note)
            for m in Scan(asked(model)).within(queries, radius)
        )
        for each in (library, other):
            found = sorted((f.query, f.distance, f.note) for f in each.within(queries, radius))
            assert found == expected
            assert len(each) == len(model)

    def test_a_row_is_written_again_few_times(self, tmp_path: Path) -> None:
        """A list that grew by rebuilding all of it would take longer with every day."""
        library = opened(tmp_path / "a", [])
        for seed in range(60):
            add(library, listed(9, seed))

        sizes = sorted(part.rows for part in library.current().state.parts)
        assert sum(sizes) == len(library) == 540
        assert len(sizes) <= 5
        assert len(list((tmp_path / "a").glob("*.segment"))) == len(sizes)

    def test_a_hash_of_two_sources_stays_when_one_withdraws_it(self, tmp_path: Path) -> None:
        """One source's doubt is not the other's."""
        rows = listed(20)
        library = opened(tmp_path / "a", [*rows, Listed(rows[3].hash, "other")])

        assert withdraw(library, [rows[3]]) == 1
        assert library.within(asked(rows[3:4]), 31) == [Found(0, 0, "other")]
        assert withdraw(library, [rows[3]]) == 0

    def test_a_list_is_never_made_over_another(self, tmp_path: Path) -> None:
        """It would empty it."""
        library = opened(tmp_path / "a", listed(3))
        with pytest.raises(FileExistsError):
            create(tmp_path / "a", KEY)
        assert len(library) == 3

    def test_a_hash_of_another_length_is_refused(self) -> None:
        """And the message does not show it."""
        with pytest.raises(ValueError, match="expected 32 bytes, got 16"):
            Listed(b"0123456789abcdef", "a")
        assert "0123" not in repr(Listed(b"0123456789abcdef" * 2, "a"))


class TestEveryProcess:
    def test_a_row_that_is_withdrawn_is_gone_in_another_process_within_a_second(
        self, tmp_path: Path, memory: Path | None
    ) -> None:
        """Somebody who was accused wrongly must not be accused again by a slow worker."""
        rows = listed(30)
        library = opened(tmp_path / "a", rows, memory)
        program = (
            "import sys, pathlib, numpy as np\n"
            "from classifiers.hash_index import Library\n"
            "memory = pathlib.Path(sys.argv[2]) if sys.argv[2] else None\n"
            "library = Library(pathlib.Path(sys.argv[1]), b'k' * 32, memory)\n"
            "for line in sys.stdin:\n"
            "    asked = np.frombuffer(bytes.fromhex(line), np.uint8).reshape(1, 32)\n"
            "    print(len(library.within(asked, 31)), flush=True)\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "a"), str(memory or "")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as other:
            assert other.stdin is not None
            assert other.stdout is not None

            def matches() -> int:
                other.stdin.write(f"{rows[4].hash.hex()}\n")  # type: ignore[union-attr] # seen above
                other.stdin.flush()  # type: ignore[union-attr] # the same
                return int(other.stdout.readline())  # type: ignore[union-attr] # the same

            assert matches() == 1
            withdraw(library, [rows[4]])
            began = time.perf_counter()
            assert matches() == 0
            assert time.perf_counter() - began < 1
            add(library, [rows[4]])
            assert matches() == 1
            other.stdin.close()

    def test_segments_that_were_merged_away_do_not_disturb_who_has_them_open(
        self, tmp_path: Path, memory: Path | None
    ) -> None:
        """A list grows while others search it."""
        rows = listed(10)
        library = opened(tmp_path / "a", rows, memory)
        reader = Library(tmp_path / "a", KEY, memory)
        before = reader.current()
        (old,) = before.segments

        add(library, listed(10, 2))

        assert not (tmp_path / "a" / f"{old}.segment").exists()
        assert list(before.within(asked(rows[:1]), 0)) == [Found(0, 0, "1/0")]
        assert len(reader.within(asked([rows[0], listed(10, 2)[0]]), 0)) == 2

    def test_the_last_one_that_closes_takes_the_memory_away(self, tmp_path: Path) -> None:
        """Decrypted hashes do not outlive the program."""
        memory = tmp_path / "memory"
        first = opened(tmp_path / "a", listed(10), memory)
        second = Library(tmp_path / "a", KEY, memory)
        assert len(first) == len(second) == 10

        (segment,) = first.current().segments
        first.close()
        assert (memory / segment).exists()
        second.close()
        assert [path.name for path in memory.iterdir()] == [".lock"]

    def test_many_that_open_and_close_at_once_do_not_disturb_each_other(
        self, tmp_path: Path
    ) -> None:
        """All workers of a host start and stop together."""
        rows = listed(10)
        opened(tmp_path / "a", rows, tmp_path / "memory").close()

        def work(_: int) -> int:
            library = Library(tmp_path / "a", KEY, tmp_path / "memory")
            found = len(library.within(asked(rows), 0))
            library.close()
            return found

        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(work, range(60))) == [10] * 60


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _alter(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


HARM: dict[str, Callable[[Path], None]] = {"cut": _cut, "altered": _alter, "gone": Path.unlink}


class TestNobodyCouldLook:
    @pytest.mark.parametrize("name", ["list", "*.segment"])
    @pytest.mark.parametrize("harm", HARM)
    def test_a_list_of_which_a_part_does_not_verify_is_an_error_at_every_search(
        self, tmp_path: Path, memory: Path | None, name: str, harm: str
    ) -> None:
        """An answer from the rest would read as no match; it must be unavailable."""
        rows = listed(10)
        opened(tmp_path / "a", rows, memory).close()
        (path,) = (tmp_path / "a").glob(name)
        whole = path.read_bytes()
        HARM[harm](path)
        reader = Library(tmp_path / "a", KEY, memory)

        for _ in range(2):
            with pytest.raises(BankError):
                reader.within(asked(rows[:1]), 31)
        with pytest.raises(BankError):
            add(reader, listed(1, 2))
        path.write_bytes(whole)
        assert len(reader.within(asked(rows[:1]), 31)) == 1

    def test_a_list_that_is_lost_while_serving_is_an_error(self, tmp_path: Path) -> None:
        """What is still in memory may be out of date."""
        rows = listed(10)
        library = opened(tmp_path / "a", rows)
        assert library.within(asked(rows[:1]), 31)
        (tmp_path / "a" / "list").unlink()

        with pytest.raises(BankError, match="got none"):
            library.within(asked(rows[:1]), 31)

    def test_a_segment_in_anothers_place_is_an_error(self, tmp_path: Path) -> None:
        """An older segment, with fewer rows, verifies under its own name only."""
        opened(tmp_path / "a", listed(10))
        opened(tmp_path / "b", listed(9, 2))
        (mine,) = (tmp_path / "a").glob("*.segment")
        (other,) = (tmp_path / "b").glob("*.segment")
        mine.write_bytes(other.read_bytes())

        with pytest.raises(BankError, match="verifies"):
            Library(tmp_path / "a", KEY).within(asked(listed(1)), 31)

    def test_the_wrong_key_is_an_error(self, tmp_path: Path) -> None:
        """And no empty list."""
        opened(tmp_path / "a", listed(3))

        with pytest.raises(BankError):
            Library(tmp_path / "a", b"j" * 32).within(asked(listed(1)), 31)
