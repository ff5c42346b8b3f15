"""What the tests of the log share: a still clock, keys, an opened log, and simple entries."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import pytest

from audit.entry import Entry, Json, Kind, entry_id
from audit.log import Log
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORIGIN = "gw.example/audit"
OpenLog: TypeAlias = Callable[..., Awaitable[Log]]
MakeEntry: TypeAlias = Callable[..., Entry]


@pytest.fixture
def signer(tmp_path: Path) -> Ed25519Signer:
    return Ed25519Signer.create(tmp_path / "log.key", ORIGIN)


@pytest.fixture
def keys(tmp_path: Path) -> DetailKeys:
    return DetailKeys.create(tmp_path / "detail.keys", "k1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def open_log(path: Path, signer: Ed25519Signer, keys: DetailKeys) -> OpenLog:
    async def opened(**more: object) -> Log:
        settings: dict[str, object] = {"origin": ORIGIN, "signer": signer, "keys": keys, **more}
        return await Log.open(path, now=lambda: NOON, **settings)  # type: ignore[arg-type]  # tests vary any of them

    return opened


@pytest.fixture
async def log(open_log: OpenLog) -> AsyncIterator[Log]:
    opened = await open_log()
    yield opened
    await opened.close()


@pytest.fixture
def make_entry() -> MakeEntry:
    def made(number: int, kind: Kind = Kind.ADMIT, **public: Json) -> Entry:
        submission = UUID(int=number)
        return Entry(
            entry_id(submission, kind),
            kind,
            NOON,
            {"submission": str(submission), "action": "allow", **public},
            {"prompt": f"a harbour {number}"},
            {"scores": {"prompt.banned_term": 0.25}},
        )

    return made
