"""The operators' page: all that is known of how the installation stands, and no case."""

from collections.abc import Mapping

from pipeline.access.permissions import Permission
from pipeline.console import operation
from pipeline.console.operation import Standing, Table
from pipeline.console.roles import MAY, Role
from pipeline.gateway.health import readiness
from pipeline.items import Cause
from tests.unit.pipeline.console.conftest import open_console
from tests.unit.pipeline.world import World

REPORT: Mapping[str, object] = {
    "ready": False,
    "serves": {"general": {"served": False, "missing": ["prompt_terms", "tags<&>"]}},
    "sick": {"faces": "TimeoutError"},
    "banks": {"known": {"version": "3f", "entries": 12, "stale": True}, "own": {"entries": 0}},
    "classifiers": {"faces@1": "TimeoutError", "terms@2": "ok"},
    "accounts": {"account-1": "refused", "account-2": "free", "account-3": "free"},
    "balances": {"account-2": 4100, "account-3": 20},
    "low": ["account-3"],
    "engines": {"own": "engine: it has no checkpoint of the digest on the list"},
    "in_flight": 2,
    "queue_limit": 64,
    "queues": {"harbour": {"waiting": 12, "reviews_a_day": 40}},
    "closed_minutes": {"24 hours": 7, "30 days": 90},
    "seizures": "ok",
    "tenants": {"harbour": "its policy set is gone"},
    "outside": {"fork_guard": "none", "anchors": [{"name": "w1", "behind": 4, "fault": ""}]},
    "log": "ok",
    "store": "ok",
    "vault": "NoSpace",
}


def named(tables: list[Table]) -> dict[str, Table]:
    """The tables by their titles."""
    return {table.title: table for table in tables}


def test_all_that_is_known_is_in_a_table() -> None:
    """Whoever is called at night finds the cause on one page."""
    found = named(operation.tables(REPORT, {Cause.SUSPICION: 3, Cause.INCAPACITY: 0}))

    assert ("vault", "NoSpace") in found["Parts"].rows
    assert ("tenants", "harbour: its policy set is gone") in found["Parts"].rows
    assert found["What can be served"].rows == [("general", "no", "prompt_terms, tags<&>")]
    assert ("held for suspicion", "3") in found["What waits"].rows
    assert found["Classifiers that fail"].rows == [("faces", "TimeoutError")]
    assert found["Upstream accounts"].rows == [
        ("account-1", "refused", "not asked yet"),
        ("account-2", "free", "4100"),
        ("account-3", "free", "20, runs low"),
    ]
    assert ("terms@2", "ok") in found["Classifiers"].rows
    assert found["Engines of one's own"].rows[0][0] == "own"
    waits = found["What waits for people, against what they can rule on in a day"]
    assert (waits.columns, waits.rows) == (
        ("tenant", "waiting", "reviews_a_day"),
        [("harbour", "12", "40")],
    )
    assert ("in flight at most", "64") in found["What waits"].rows
    assert ("24 hours", "7") in found["Minutes in which not all could be served"].rows
    assert found["Banks"].columns == ("bank", "version", "entries", "stale")
    assert found["Banks"].rows == [("known", "3f", "12", "yes"), ("own", "-", "0", "-")]
    assert found["The log, remembered outside"].rows == [("1", "w1", "4", "")]


def test_what_the_report_does_not_say_is_unknown_and_never_well() -> None:
    """Silence is not `ok`."""
    found = named(operation.tables({}, {}))

    assert set(found["Parts"].rows) >= {("admission", "unknown"), ("log", "unknown")}
    assert found["Fork guard"].rows == [("file", "unknown")]
    closed = found["Minutes in which not all could be served"]
    assert (closed.rows, closed.otherwise) == ([], "Nobody can say.")
    lost = named(operation.tables({"banks": "lost: the file is damaged"}, {}))
    assert lost["Banks"].otherwise == "lost: the file is damaged"


async def test_who_may_sees_the_real_report(house: World) -> None:
    """The page takes what `/ready` has, whatever that grows to; markup in it stays text."""

    async def ready() -> Mapping[str, object]:
        return {**await readiness(house.gate), "sick": {"<b>": "TimeoutError"}}

    standing = Standing(ready, house.store.holds.count, lambda: house.log.checkpoint)
    (house.folder / "console").mkdir()
    async with open_console(house.folder / "console") as console:
        console.serve(console.frame, operation.routes(console.frame, standing))
        pages: dict[Role, str] = {}
        for role in (Role.ADMIN, Role.REVIEWER):
            await console.add(role, role)
            async with await console.signed_in(role) as browser:
                pages[role] = (await browser.get("/operation")).text

    shown = pages[Role.ADMIN]
    assert "The gateway serves." in shown
    assert "&lt;b&gt;" in shown
    assert "Upstream accounts" in shown
    assert house.log.checkpoint.splitlines()[0] in shown
    assert Permission.OPERATION_SHOW not in MAY[Role.REVIEWER]
    assert "Not for your role" in pages[Role.REVIEWER]
