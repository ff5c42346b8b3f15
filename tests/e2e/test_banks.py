"""Banks, through the command line beside a running server: imported, asked, retracted."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from typer.testing import CliRunner

from audit.keyfile import create_secret
from audit.leaf import Leaf
from classifiers import hash_bank_csv
from classifiers.canonical import read
from classifiers.content import Image, Purpose
from classifiers.hash_bank import Kind
from classifiers.hash_bank_trial import patterns
from pipeline.cli.demo.drawings import landscape, listed, resaved_and_flipped
from pipeline.cli.main import app
from tests.e2e.asking import v4
from tests.e2e.conftest import World, world_in
from tests.unit.pipeline.list_services import SECRET, USER, Listed, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

KNOWN = listed("hotline", Kind.BLOCKED, 5)
REASON = ("--reason", "a test", "--person", "anna")


@dataclass(frozen=True)
class Desk:
    """A world whose operator's socket answers the command line."""

    world: World
    folder: Path

    async def typed(self, *words: object) -> tuple[int, dict[str, Any], str]:
        """Run a command; return how it ended, its JSON, and what it said beside that."""
        told = ["--data-dir", self.world.data_dir, "banks", *words, "--json"]
        done = await asyncio.to_thread(CliRunner().invoke, app, [*map(str, told)])
        return done.exit_code, json.loads(done.stdout or "{}"), done.stderr

    def file(self, name: str, data: bytes) -> Path:
        """Write a file to be imported or asked about."""
        path = self.folder / name
        path.write_bytes(data)
        return path

    async def upload(self, picture: bytes) -> int:
        """Send a request that begins with a picture."""
        body = v4("hills", image=base64.b64encode(picture).decode(), strength=0.9, noise=0.0)
        answer = await self.world.client.post(
            "/ai/generate-image", json={**body, "action": "img2img"}
        )
        return answer.status_code

    async def events(self) -> list[str]:
        """Return what the log says happened to banks, oldest first."""
        log = self.world.house.gate.log
        rows = await log.entries(0, 10_000)
        said = [Leaf.parse(row.leaf).public.get("event") for row in rows]
        return [event for event in said if isinstance(event, str) and event.startswith("bank.")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """One world for the story that the tests of this file tell in turn."""
    folder = tmp_path_factory.mktemp("banks")
    async with world_in(
        folder / "data", IMPRIMATUR_CHILD_SAFETY_PEOPLE=json.dumps(["anna"])
    ) as world:
        socket = str(world.data_dir / "operator.sock")
        config = uvicorn.Config(
            world.house.operator, uds=socket, log_config=None, lifespan="off", access_log=False
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
            await asyncio.sleep(0.01)
        yield Desk(world, folder)
        server.should_exit = True
        await serving


async def test_a_list_is_imported_used_and_retracted_while_the_gateway_serves(desk: Desk) -> None:
    """No restart: what a hotline delivers, or takes back, counts from the next request on."""
    assert await desk.upload(KNOWN.picture) == 200

    file = desk.file("hotline.csv", KNOWN.csv)
    code, said, _ = await desk.typed(
        "import", file, "--bank", "hotline", "--kind", "blocked", "--person", "anna"
    )
    assert (code, said["used"], said["entries"]) == (0, True, 2)
    assert said["trial"]["recent"] >= 1
    assert await desk.upload(KNOWN.picture) == 403

    code, said, _ = await desk.typed("list")
    assert [(one["name"], one["entries"]) for one in said["banks"]] == [("hotline", 2)]
    code, said, _ = await desk.typed("stats", "hotline")
    assert said["counts"]["type"] == {"pdq": 1, "sha256": 1}

    code, said, _ = await desk.typed("retract", "hotline", "landscape-5", *REASON)
    assert (code, said["rows"]) == (0, 2)
    assert await desk.upload(KNOWN.picture) == 200
    assert await desk.events() == ["bank.used", "bank.retracted"]


async def test_a_list_with_bad_lines_is_refused_whole(desk: Desk) -> None:
    """Each line is told, none of what they hold."""
    digest = hashlib.md5(b"x", usedforsecurity=False).hexdigest()
    file = desk.file("bad.txt", f"{digest}\n{'ab' * 32}\nzz\n".encode())

    code, said, beside = await desk.typed(
        "import", file, "--bank", "other", "--kind", "ncii", "--format", "plain"
    )

    assert code == 2
    assert [line["line"] for line in said["bad_lines"]] == [2, 3]
    assert "abab" not in beside
    assert "nothing was imported" in beside
    assert (await desk.typed("show", "other"))[0] == 1


async def test_a_version_that_matches_harmless_pictures_is_set_aside(desk: Desk) -> None:
    """A list that is wrong as a whole must not stop everybody's requests."""
    _, queries = patterns()[0].looks[0]
    row = f"wrong,1,pdq,{queries[0].tobytes().hex()},,1,,active,2026-01-01T00:00:00Z"
    head = hash_bank_csv.write(KNOWN.bank).decode().partition("\r\n")[0]
    file = desk.file("wrong.csv", f"{head}\n{row}\n".encode())
    words = ("import", file, "--bank", "wrong", "--kind", "csam", "--person", "anna")

    code, said, _ = await desk.typed(*words)
    assert (code, said["used"]) == (1, False)
    assert (await desk.typed("show", "wrong"))[0] == 1
    code, said, _ = await desk.typed("list")
    assert [one["name"] for one in said["waiting"]] == ["wrong"]

    assert (await desk.typed(*words, "--most-matched", 1))[0] == 0
    assert (await desk.typed("retract", "wrong", *REASON))[0] == 0
    assert (await desk.events())[-3:] == ["bank.set_aside", "bank.used", "bank.removed"]


async def test_only_own_entries_are_shown_and_exported(desk: Desk) -> None:
    """A hotline's hashes are not the operator's to read out."""
    ours = listed("ours", Kind.BLOCKED, 6)
    file = desk.file("ours.csv", ours.csv)
    await desk.typed("import", file, "--bank", "ours", "--kind", "blocked", "--own")

    code, said, _ = await desk.typed("show", "ours", "landscape-6")
    assert code == 0
    assert {row["hash_type"] for row in said["entries"]} == {"sha256", "pdq"}
    out = desk.folder / "out.csv"
    assert (await desk.typed("export", "ours", "--to", out))[0] == 0
    assert sorted(out.read_bytes().splitlines()) == sorted(ours.csv.splitlines())
    assert out.stat().st_mode & 0o077 == 0
    for words in (("show", "hotline", "landscape-5"), ("export", "hotline", "--to", out)):
        code, said, beside = await desk.typed(*words)
        assert (code, said) == (1, {})
        assert "not yours" in beside


async def test_a_question_needs_the_permission_and_is_on_record(desk: Desk) -> None:
    """Who may look things up could otherwise learn what is listed, unseen."""
    await desk.typed(
        "import",
        desk.file("again.csv", listed("asked", Kind.BLOCKED, 7).csv),
        "--bank",
        "asked",
        "--kind",
        "blocked",
    )
    picture = desk.file("copy.png", resaved_and_flipped(landscape(7)))

    before = await desk.events()
    code, said, beside = await desk.typed("match", picture, "--reason", "case 7", "--person", "bob")
    assert (code, said) == (1, {})
    assert "child-safety:open" in beside
    assert await desk.events() == before

    code, said, _ = await desk.typed("match", picture, "--reason", "case 7", "--person", "anna")
    (one,) = said["matches"]
    assert (code, one["source"], one["entry"], one["type"]) == (0, "asked", "landscape-7", "pdq")
    sha256 = read(Image("x", 0, Purpose.SOURCE, picture.read_bytes())).sha256
    assert sha256 not in json.dumps(said)
    assert (await desk.events())[-1] == "bank.matched"
    nothing = desk.file("other.png", landscape(8))
    code, said, _ = await desk.typed("match", nothing, "--reason", "x", "--person", "anna")
    assert (code, said) == (1, {"matches": []})


async def test_a_bank_that_is_lent_to_others_is_not_looked_in(desk: Desk) -> None:
    """Some lists are lent to one platform, or for one use, and for no other."""
    lent = listed("lent", Kind.BLOCKED, 9)
    file = desk.file("lent.csv", lent.csv)
    words = ("import", file, "--bank", "lent", "--kind", "blocked")

    for terms, status in (
        (("--tenant", "another"), 200),
        (("--use", "output"), 200),
        (("--tenant", "another", "--tenant", "default"), 403),
    ):
        assert (await desk.typed(*words, *terms))[0] == 0
        assert await desk.upload(lent.picture) == status


async def test_past_its_day_nothing_is_admitted_that_the_bank_is_needed_for(desk: Desk) -> None:
    """Nothing is paid for only to be held, and the operator sees which bank it is."""
    file = desk.file("short.csv", listed("short", Kind.NCII, 10).csv)
    words = ("import", file, "--bank", "short", "--kind", "ncii")
    calls = await desk.world.calls()

    assert (await desk.typed(*words, "--expires", "2026-01-01"))[0] == 0
    answer = await desk.world.client.post("/ai/generate-image", json=v4("hills"))
    assert answer.status_code == 503
    assert await desk.world.calls() == calls
    ready = await desk.world.house.readiness()
    assert ready["ready"] is False
    assert "hash.ncii.near" in str(ready["serves"])
    banks = ready["banks"]
    assert isinstance(banks, dict)
    assert banks["short"]["stale"] is True

    assert (await desk.typed("retract", "short", *REASON))[0] == 0
    answer = await desk.world.client.post("/ai/generate-image", json=v4("hills"))
    assert answer.status_code == 200


async def test_a_version_that_two_people_put_in_force_is_followed_by_no_other_of_one(
    desk: Desk,
) -> None:
    """It waits, is tried and activated; from then on a plain import of this bank is refused."""
    first, second = listed("twice", Kind.BLOCKED, 11), listed("twice", Kind.BLOCKED, 12)
    words = ("--bank", "twice", "--kind", "blocked")
    code, said, _ = await desk.typed("import", desk.file("1.csv", first.csv), *words, "--wait")
    assert (code, said["used"]) == (0, False)
    assert await desk.upload(first.picture) == 200
    code, change, _ = await desk.typed("propose", "twice", *REASON)
    assert code == 0
    told = ["--data-dir", desk.world.data_dir, "policies", "activate", change["id"]]
    who = ["--person", "ben", "--json"]
    done = await asyncio.to_thread(CliRunner().invoke, app, [*map(str, told), *who])
    assert (done.exit_code, json.loads(done.stdout)["kind"]) == (0, "bank")
    assert await desk.upload(first.picture) == 403

    code, _, beside = await desk.typed("import", desk.file("2.csv", second.csv), *words)
    assert code == 1
    assert "change control" in beside
    assert await desk.upload(second.picture) == 200
    assert (await desk.typed("rollback", "twice", *REASON))[0] == 1


async def test_a_term_pack_that_two_people_put_in_force_is_looked_for_at_once(desk: Desk) -> None:
    """The same door, for words: no restart, and one command takes it back."""

    async def told(*words: object) -> dict[str, Any]:
        typed = ["--data-dir", desk.world.data_dir, *words, "--json"]
        done = await asyncio.to_thread(CliRunner().invoke, app, [*map(str, typed)])
        assert done.exit_code == 0, done.output
        return dict(json.loads(done.stdout))

    async def findings() -> str:
        answer = await desk.world.client.post("/v1/moderate/prompt", json={"prompt": "zonkwort"})
        return answer.text

    pack = desk.file("words.csv", b"id,list,mode,text\n7,hate,word,zonkwort\n")
    sealed = await told("terms", "seal", pack, "--name", "words")
    file = desk.world.data_dir / sealed["file"]
    before = await findings()
    change = await told("terms", "propose", file, "--name", "words", *REASON)
    assert change["report"]["decided"] >= 1
    assert await findings() == before
    await told("policies", "activate", change["id"], "--person", "ben")
    assert await findings() != before
    back = await told("terms", "rollback", "words", *REASON)
    assert (back["milder"], back["activated_at"]) == (True, None)
    await told("policies", "activate", back["id"], "--person", "ben")
    assert await findings() == before


async def test_a_list_that_a_service_hands_out_is_used_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the service to the refusal of a picture by one command, and what it took on record."""
    known, at = listed("theirs", Kind.BLOCKED, 13), desk.world.house.gate.now() - timedelta(days=3)
    digest = hashlib.md5(known.picture, usedforsecurity=False).hexdigest()
    secret = desk.folder / "theirs.secret"
    create_secret(secret, f"{USER}:{SECRET}\n")
    with serving(at) as services:
        services.entries = {"e1": Listed(at, {"md5": digest})}
        sync = {
            "service": "ncmec",
            "address": services.address,
            "credentials_file": str(secret),
        }
        banks = json.dumps([{"source": "theirs", "kind": "blocked", "sync": sync}])
        for name, value in (desk.world.env | {"IMPRIMATUR_BANKS": banks}).items():
            monkeypatch.setenv(name, value)
        assert await desk.upload(known.picture) == 200

        code, said, _ = await desk.typed("sync", "--person", "anna")
        assert (code, said["banks"][0]["used"], said["banks"][0]["rows"]) == (0, True, 1)
        assert await desk.upload(known.picture) == 403
        assert (await desk.events())[-1] == "bank.used"

        services.fault = lambda _: (403, {}, b"")
        code, _, beside = await desk.typed("sync", "theirs", "--person", "anna")
        assert (code, "status 403" in beside, SECRET in beside) == (2, True, False)
        assert (await desk.typed("sync", "another"))[0] == 2
    assert await desk.upload(known.picture) == 403
