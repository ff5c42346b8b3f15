"""The command that judges a week of a platform's own requests, and keeps nothing of them."""

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.context import data_dir_of
from pipeline.cli.explaining import Audience
from pipeline.cli.installed import Alone, installation
from pipeline.cli.output import REFUSED, AsJson, note, say_json, told


def rehearse(
    ctx: typer.Context,
    requests: Annotated[
        Path,
        typer.Option(metavar="FILE.jsonl", help="The requests, one on a line.", dir_okay=False),
    ],
    policy: Annotated[
        str | None,
        typer.Option(
            metavar="SET.yaml",
            help="Try this set: in the place of the one of its name, else on top.",
        ),
    ] = None,
    days: Annotated[float, typer.Option(help="Of how many days they are.", min=0.01)] = 7,
    rulings_an_hour: Annotated[
        float, typer.Option(help="How many rulings a person makes in an hour.", min=0.1)
    ] = 40,
    hours_a_day: Annotated[
        float, typer.Option(help="How long one person looks in a day.", min=0.1, max=24)
    ] = 6,
    tier: Annotated[
        Audience, typer.Option(help="Whom the tenant serves, where a line does not say.")
    ] = Audience.GENERAL,
    age_claim: Annotated[
        bool, typer.Option("--age-claim", help="An age claim stands, where a line does not say.")
    ] = False,
    alone: Alone = False,
    processes: Annotated[
        int | None, typer.Option(min=1, help="How many at once.", show_default="all cores")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge a week of your own requests, and say what would have become of them.

    Nothing is sent, generated, paid, logged or kept, and nothing of the texts
    is told: only how many are blocked by which code, held for which cause, how
    many people it takes to rule on them, what this installation cannot judge,
    and the Anlas that are not spent. What a picture that comes back is like,
    nobody can tell from a file.

    A line is {"request": {...}} with a whole NovelAI request, and if it is so:
    "route" ("/ai/augment-image"), "tier" ("adult"), "age_claim" (true). A
    picture that you do not hand on is written "omitted", and counted.

    Exits with 0 (all was judged, whatever was decided), 1 (a line asks for
    nothing that this gate serves), 2 (nothing could be judged).

    Examples:
      imprimatur rehearse --requests week.jsonl
      imprimatur rehearse --requests week.jsonl --policy stricter.yaml --json
      imprimatur rehearse --requests day.jsonl --days 1 --rulings-an-hour 60
      imprimatur --data-dir /srv/imprimatur rehearse --requests week.jsonl
    """
    from pipeline.app import now  # noqa: PLC0415 - a second, not for --help
    from pipeline.cli.measuring.bar import progress  # noqa: PLC0415 - the same
    from pipeline.cli.measuring.in_order import in_order  # noqa: PLC0415 - the same
    from pipeline.cli.rehearsing.rehearser import (  # noqa: PLC0415 - the same
        Fate,
        Terms,
        outcomes,
        rehearser,
    )
    from pipeline.cli.rehearsing.report import (  # noqa: PLC0415 - the same
        Report,
        Shift,
        say_report,
        written,
    )
    from pipeline.cli.screening.lines import lines_of, weight  # noqa: PLC0415 - the same

    count = processes or len(os.sched_getaffinity(0))
    report, shift = Report(), Shift(days, rulings_an_hour, hours_a_day)
    with told():
        here = None if alone else installation(data_dir_of(ctx))
        adult = tier is Audience.ADULT
        terms = Terms(policy, adult, age_claim, now().date(), here)
        digest = rehearser(terms).policy_digest  # what is wrong with a policy is told once, here
        with (
            requests.open("rb") as stream,
            progress(requests.stat().st_size, stream.tell, "requests") as advance,
        ):
            job = partial(outcomes, terms)
            for outcome in in_order(job, lines_of(stream), count, weight):
                report.take([outcome])
                advance(report.fates.total())
    if as_json:
        say_json(written(report, shift, digest))
    else:
        say_report(report, shift, digest)
        note("no list of known pictures was asked: that is `imprimatur banks match`")
    if report.fates[Fate.NOT_SERVED]:
        raise typer.Exit(REFUSED)
