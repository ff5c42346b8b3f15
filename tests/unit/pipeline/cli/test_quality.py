"""Quality on the command line: asked of a server, and given to a report."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import uvicorn
from fastapi import FastAPI

from pipeline.cli import operator
from pipeline.cli.listening import private_socket
from pipeline.gateway import quality
from pipeline.store.samples import Frame, Opinion, Sample
from pipeline.store.store import Store
from tests.unit.pipeline.cli.conftest import NOON, Run

DAYS = ["--from", "2031-05-01", "--to", "2031-05-10"]


async def _filled(store: Store) -> None:
    """Fifty samples, checked; the five highest scores are what somebody would stop."""
    for number in range(50):
        known = UUID(int=number)
        score = {"image.gore": number / 50}
        seen: dict[str, dict[str, object]] = {
            "viewer@1": {"scores": score, "flagged": number > 46, "families": ["VIO"]}
        }
        sample = Sample(known, known, "harbour", known, 0, Frame.RELEASED, "OK", None, NOON, seen)
        await store.samples.add([sample])
        code = "VIO.GORE" if number >= 45 else "OK"
        for person in ("person-1", "person-2"):
            await store.samples.give(Opinion(known, person, code, NOON))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory on whose socket the real routes answer, over a real store."""
    data_dir = tmp_path_factory.mktemp("var")
    store = Store.open(data_dir / "app.db")
    asyncio.run(_filled(store))
    app = FastAPI()
    app.include_router(quality.routes(store, 0.1, {}, lambda: NOON))
    config = uvicorn.Config(app, http="h11", log_config=None, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    with private_socket(data_dir / operator.SOCKET) as private:
        thread = threading.Thread(target=server.run, args=([private],))
        thread.start()
        yield data_dir
        server.should_exit = True
        thread.join()
    asyncio.run(store.close())


@pytest.mark.enable_socket
def test_what_was_checked_is_shown_with_its_intervals(served: Path, run: Run) -> None:
    """For people as tables, for programs as JSON."""
    told = run("--data-dir", served, "quality", *DAYS)
    said = json.loads(run("--data-dir", served, "quality", *DAYS, "--json").stdout)
    other = run("--data-dir", served, "quality", *DAYS, "--tenant", "meadow")
    backwards = run("--data-dir", served, "quality", "--from", "2031-05-02", "--to", "2031-05-01")

    assert told.exit_code == 0, told.output
    assert "50 of 50 samples were checked" in told.stdout
    assert "1.00 (0.44 to 1.00), 3 of 3" in told.stdout
    assert "1.00 (1.00 to 1.00)" in told.stdout
    assert said["classifiers"][0]["hits"] == 3
    assert "0 of 0 samples" in other.stdout
    assert "No classifier was checked." in other.stdout
    assert backwards.exit_code == 2


@pytest.mark.enable_socket
def test_a_threshold_is_suggested_or_why_none_is(served: Path, run: Run) -> None:
    """A budget that nothing fits, and one that something does."""
    words = ["--data-dir", served, "thresholds", "suggest", "--signal", "image.gore", *DAYS]
    found = run(*words, "--holds-per-day", "100")
    none = run(*words, "--holds-per-day", "0.1", "--json")

    assert found.exit_code == 0, found.output
    assert "suggested: 0." in found.stdout
    assert "holds a day" in found.stdout
    assert (none.exit_code, json.loads(none.stdout)["threshold"]) == (1, None)
    assert "nothing is suggested" in none.stderr


def test_a_report_takes_what_was_checked_of_its_days_alone(
    data_dir: Path, tmp_path: Path, run: Run
) -> None:
    """Another platform's accuracy is no accuracy of this one."""
    matrix = {"classifier": "viewer@1", "hits": 3, "false_alarms": 1, "misses": 0, "rests": 6}
    said = {"since": "2031-05-01T00:00:00+00:00", "until": "2031-05-11T00:00:00+00:00"}
    own, other, junk = (tmp_path / each for each in ("own.json", "other.json", "junk.json"))
    own.write_text(json.dumps({**said, "tenant": "harbour", "classifiers": [matrix]}))
    other.write_text(json.dumps({**said, "tenant": "meadow", "classifiers": [matrix]}))
    junk.write_text("{}")
    words = ["--tenant", "harbour", "--provider", "H", "--service", "S", "--as-of", "2032-01-15"]
    report = ["--data-dir", data_dir, "dsa", "transparency", *words, *DAYS]

    done = run(*report, "--quality", own, "-o", tmp_path / "report")
    wrong = [run(*report, "--quality", each, "-o", tmp_path / "no") for each in (other, junk)]

    assert done.exit_code == 0, done.output
    table = (tmp_path / "report" / "Part_8_automated_means.csv").read_text("utf-8")
    assert "Total number,0.7500" in table
    assert "viewer@1, a random sample of 10" in table
    assert [each.exit_code for each in wrong] == [2, 2]
