"""Results that are added to a file as they come, so that a run goes on where it was cut off.

The first line says by which policy they were judged; each other is the answer for one picture.
"""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pipeline.cli.errors import UnusableError
from pipeline.cli.examining.answers import Answer


@dataclass(frozen=True, slots=True)
class Results:
    """What is answered already, and where the next answer is added."""

    done: Mapping[str, Answer] = field(repr=False)
    """The answers that are there, by the name of the picture."""
    file: IO[str]

    def add(self, answer: Answer) -> None:
        """Add one answer, which is there if the process dies after it."""
        self.file.write(f"{json.dumps(answer)}\n")
        self.file.flush()


@contextmanager
def results_in(path: Path, policy_digest: str) -> Generator[Results]:
    """Open a file to add to it; a line that was cut off is taken away.

    Raises:
        UnusableError: what is there is no such file, or was judged by another policy.
        OSError: it cannot be read or written.
    """
    head = {"policy_digest": policy_digest}
    if not path.exists():
        path.write_text(f"{json.dumps(head)}\n", encoding="utf-8")
    whole = path.read_bytes()
    whole = whole[: whole.rfind(b"\n") + 1]
    try:
        first, *rest = [json.loads(line) for line in whole.splitlines()]
        done: dict[str, Answer] = {each["id"]: each for each in rest}
    except (ValueError, TypeError, KeyError):
        raise UnusableError(str(path), "results of an earlier run", "another file") from None
    if first != head:
        raise UnusableError(str(path), "results by this policy", "others: name another file")
    with path.open("r+", encoding="utf-8") as file:
        file.truncate(len(whole))
        file.seek(len(whole))
        yield Results(done, file)
