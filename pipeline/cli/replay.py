"""The command that decides history again by another policy set."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

import policies
from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.installed import installed
from pipeline.cli.operator import PersonName, person_or_login
from pipeline.cli.output import AsJson, note, say, say_json, say_table, told
from pipeline.cli.policy_sets import in_place, load_set
from pipeline.history.replay import Replay, Tally, capabilities
from pipeline.tenancy import Step, Versions, laid, versions_of
from policies.layers import PolicySet
from policies.policy import Policy

Tell = Callable[[int, int], None]


def replay(
    ctx: typer.Context,
    new: Annotated[Path, typer.Argument(metavar="NEW.yaml", help="The policy set to try.")],
    since: Annotated[
        datetime | None, typer.Option(help="From when on, in UTC.", show_default="everything")
    ] = None,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Decide what was decided again, as if NEW.yaml were in force, and show what would turn.

    It takes the place of the set of its name, for every tenant that has one; else it is laid on
    top for all. Nothing is judged anew and nothing changes: what the classifiers found then is read
    from the log, which leaves an entry. A request that passes now has no pictures to be judged.

    Exits with 0, 1 (the set cannot be used), 2 (it could not be done).

    Examples:
      imprimatur policies replay stricter.yaml --since 2026-11-01
      imprimatur policies replay default.yaml --json
    """
    data_dir = data_dir_of(ctx)
    with told():
        tally = asyncio.run(_replayed(data_dir, load_set(str(new)), since, person_or_login(person)))
    if as_json:
        say_json(_object(tally))
    else:
        _say(tally)


async def _replayed(data_dir: Path, new: PolicySet, since: datetime | None, person: str) -> Tally:
    names, _ = installed(data_dir)
    async with operator.desk(data_dir) as client:
        tenants = operator.read(await client.get("/tenants"))
        sets = {str(tenant["id"]): tuple(tenant["policy_sets"]) for tenant in tenants}
        versions = _versions(operator.read(await client.get("/changes/activated/policy")))
        pages = _pages(client.post, since, person)
        first = await anext(pages)
        trial = Replay(
            _policies(names, sets, versions, None),
            _policies(names, sets, versions, new),
            capabilities(first["installed"]),
        )
        with Progress(transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task("deciding again", total=first["size"] - first["start"])
            trial.take(first["decisions"])
            async for page in pages:
                trial.take(page["decisions"])
                bar.update(task, completed=(page["next"] or page["size"]) - first["start"])
    return trial.tally


async def _pages(
    post: Callable[..., Any], since: datetime | None, person: str
) -> AsyncGenerator[Mapping[str, Any]]:
    asked: dict[str, object] = {"person": person}
    if since is not None:
        asked["since"] = since.replace(tzinfo=since.tzinfo or UTC).isoformat()
    after: int | None = None
    while True:
        page = operator.read(await post("/decisions", json={**asked, "after": after}))
        yield page
        after, asked["size"] = page["next"], page["size"]
        if after is None:
            return


def _versions(activated: Sequence[Mapping[str, Any]]) -> Versions:
    """Read what two people put in force, which is not what lies on the disk."""
    keys = ("name", "before", "after", "everywhere", "body")
    return versions_of(Step(*(each[key] for key in keys)) for each in activated)


def _policies(
    names: Sequence[str],
    tenants: Mapping[str, Sequence[str]],
    versions: Versions,
    new: PolicySet | None,
) -> Callable[[str], Policy]:
    """Return what gives a tenant's policy, with `new` in the place of the set of its name."""

    @cache
    def of(tenant: str) -> Policy:
        own = [name for name in tenants.get(tenant, ()) if name not in names]
        sets = [*laid([load_set(name) for name in (*names, *own)], versions)]
        if new is not None:
            sets = in_place(sets, new)
        return policies.compose(sorted(sets, key=lambda each: each.layer.height))

    return of


def _object(tally: Tally) -> dict[str, object]:
    return {
        "decided": tally.decided,
        "turned": tally.turned,
        "drifted": tally.drifted,
        "unproven": tally.unproven,
        "holds": tally.holds(),
        "not_decided": dict(tally.closed),
        "turns": [
            {"moment": moment, "is": was, "would_be": now, "count": count}
            for (moment, was, now), count in tally.turns.most_common()
        ],
        "rules": [
            {"rule": rule, "way": way, "count": count}
            for (rule, way), count in tally.rules.most_common()
        ],
        "codes": [
            {"is": was, "would_be": now, "count": count}
            for (was, now), count in tally.codes.most_common()
        ],
        "examples": tally.shown,
    }


def _say(tally: Tally) -> None:
    say(f"{tally.decided} decided again, {tally.turned} would turn, {tally.holds():+d} holds")
    rows = [(*turn, count) for turn, count in tally.turns.most_common()]
    if rows:
        say_table(["moment", "is", "would be", "how many"], rows, "")
        by_rule = [(*by, count) for by, count in tally.rules.most_common()]
        say_table(["rule", "way", "how many"], by_rule, "")
        by_code = [(*by, count) for by, count in tally.codes.most_common()]
        say_table(["code", "would be", "how many"], by_code, "")
        shown = [(each["entry"], each["is"], each["would_be"]) for each in tally.shown]
        say_table(["entry", "is", "would be"], shown, "")
    if tally.drifted:
        note(f"{tally.drifted} were decided otherwise then than today's policy does: not counted")
    if tally.unproven:
        note(
            f"{tally.unproven} were decided by another policy than today's: what is written down "
            "may not be all that it decided over"
        )
    for why, count in tally.closed.items():
        note(f"{count} could not be decided again: {_WHY[why]}")


_WHY = {
    "erased": "their details are erased",
    "untrusted": "their details are not what the log commits to: see `imprimatur audit verify`",
    "incomplete": "their details do not say all that they were decided over",
    "unlike": "today's policy, which decided them, decides otherwise over what was written down",
}
