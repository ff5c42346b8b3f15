"""Erasure, holds and retention on the command line: what is asked, and what is told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import operator
from tests.unit.pipeline.cli.conftest import Run

ID = "5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa"
Asked = list[tuple[str, str, Any]]
HOLD = {
    "id": ID,
    "tenant": "harbour",
    "over": "subject",
    "submission": None,
    "reason": "court 7",
    "placed_at": "2031-05-04T12:00:00.000000Z",
    "placed_by": "Ada",
    "lifted_at": None,
}
FOUND = {"id": ID, "things": 1, "details": 4, "kept": {"on_its_way": 1}, "refused": False}
SHARD = {
    "number": 0, "first": 0, "size": 4711, "closed_at": HOLD["placed_at"],
    "due_at": "2038-05-04T12:00:00.000000Z", "dropped_at": None,
}  # fmt: skip
ANSWERS: dict[str, Any] = {
    "GET /erasures": [],
    "POST /erasures": FOUND,
    "POST /legal-holds": HOLD,
    f"POST /legal-holds/{ID}/lift": HOLD,
    "GET /legal-holds?lifted=false": [HOLD],
    "GET /retention": {
        "days": {"allowed": 90}, "period_days": 7, "period_since": None,
        "shard_days": 183, "log_days": 2555, "shards": [SHARD],
    },
    "POST /retention/runs": {
        "classes": {"allowed": {"due": 3, "kept": {"legal_hold": 2}}},
        "shards": {"due": 1, "entries": 0, "held": True},
    },
    "POST /retention/periods": {
        "opened": 7, "closed": 8, "kept": 5, "destroyed": 1, "erasures_completed": 2,
    },
}  # fmt: skip


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Asked]:
    """Answer as the operator's routes do, and remember what was asked."""

    def answer(**others: Any) -> Asked:
        asked: Asked = []

        def ask(data_dir: Path, method: str, path: str, body: Any = None) -> Any:
            del data_dir
            asked.append((method, path, body))
            found = ANSWERS[f"{method} {path}"]
            return {**found, **others} if isinstance(found, dict) else found

        monkeypatch.setattr(operator, "ask", ask)
        return asked

    return answer


def test_an_erasure_says_what_it_did_and_when_it_is_complete(
    run: Run, answering: Callable[..., Asked]
) -> None:
    """Deleted is not complete."""
    asked = answering()
    words = ("audit", "erase", "--tenant", "harbour", "--subject", "u1", "--ground", "gdpr-17")
    done = run(*words, "--person", "Ada")

    assert done.exit_code == 0, done.output
    assert "kept back, on_its_way" in done.stdout
    assert "when the period ends" in done.stderr
    dry = run(*words, "--person", "Ada", "--dry-run")
    assert "nothing was done" in dry.stderr
    body = {"tenant": "harbour", "subject": "u1", "submissions": [], "ground": "gdpr-17"}
    assert [each for *_, each in asked] == [
        {**body, "dry_run": dry, "person": "Ada"} for dry in (False, True)
    ]


def test_a_refused_erasure_ends_with_1(run: Run, answering: Callable[..., Asked]) -> None:
    """A script that goes on as if it were done would tell a lie to whoever asked."""
    answering(things=0, details=0, kept={"legal_hold": 1}, refused=True)
    done = run("audit", "erase", "--tenant", "harbour", "--submission", ID, "--ground", "x")
    assert done.exit_code == 1
    assert "refused" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["audit", "erasures"], "Nothing was erased."),
        (["audit", "hold", "place", "--tenant", "harbour", "--reason", "r"], "court 7"),
        (["audit", "hold", "lift", ID, "--reason", "closed"], f"{ID} is lifted"),
        (["audit", "hold", "list"], "subject"),
        (["retention", "show"], "4711"),
        (["retention", "run"], "legal_hold"),
        (["retention", "end-period"], "7 and 8"),
    ],
)
def test_each_command_tells_what_it_was_told(
    run: Run, answering: Callable[..., Asked], words: list[str], told: str
) -> None:
    """In words, or as JSON."""
    asked = answering()
    done = run(*words)
    assert (done.exit_code, told in done.stdout) == (0, True), done.output
    as_json = run(*words, "--json")
    assert as_json.exit_code == 0
    assert as_json.stdout[0] == "{"
    assert len({path for _, path, _ in asked}) == 1
