"""The command that judges texts without a server: `imprimatur screen`."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.context import data_dir_of
from pipeline.cli.explaining import Audience
from pipeline.cli.installed import Alone, installation
from pipeline.cli.output import REFUSED, AsJson, stop, told


class Asked(StrEnum):
    """Where a text stands in a request."""

    PROMPT = "prompt"
    NEGATIVE = "negative"


def screen(
    ctx: typer.Context,
    text: Annotated[
        str | None, typer.Argument(help="The text to judge; - reads it from stdin.")
    ] = None,
    jsonl: Annotated[
        str | None, typer.Option(metavar="FILE", help="Judge each line of a file; - is stdin.")
    ] = None,
    evaluate: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Measure on labelled texts.")
    ] = None,
    field: Annotated[
        Asked, typer.Option(help="Whether a text stands in the prompt or the negative prompt.")
    ] = Asked.PROMPT,
    model: Annotated[
        str, typer.Option(help="The NovelAI model whose prompt language it is in.")
    ] = "nai-diffusion-4-5-full",
    policy_set: Annotated[
        list[str] | None,
        typer.Option(help="A set or file on top of floor and default; can be repeated."),
    ] = None,
    alone: Alone = False,
    tier: Annotated[Audience, typer.Option(help="Whom the tenant serves.")] = Audience.GENERAL,
    age_claim: Annotated[
        bool, typer.Option("--age-claim", help="An age claim stands for the subject.")
    ] = False,
    processes: Annotated[
        int | None, typer.Option(min=1, help="How many at once.", show_default="all cores")
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(
            help="Where --evaluate writes its page.", show_default="CSV.evaluation.html here"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge texts under the active policy, without a server or a network.

    Where the data directory holds an installation, that is its policies and
    its term packs, whose terms are shown by their ids; else the shipped floor
    and default. It judges what was found, whatever could be done about a
    picture.

    A line of --jsonl is {"id", "text"}, or {"id", "request"} with a whole
    NovelAI request; its answer has id, action, codes, signals, unavailable, ms.
    A line that cannot be judged has an "error" as well, and is a block.

    The columns of --evaluate are text, source, and for each label 1, 0 or
    nothing.

    Exits with 0 (all was judged, whatever was decided), 1 (a line could not be),
    or 2 (nothing could).

    Examples:
      imprimatur screen "1girl, lighthouse, night"
      imprimatur screen "lowres, bad hands" --field negative --json
      imprimatur screen --jsonl asked.jsonl --policy-set general-audience
      imprimatur --data-dir /srv/imprimatur screen "1girl, lighthouse"
      imprimatur screen --evaluate labelled.csv --page measured.html
    """
    if sum(each is not None for each in (text, jsonl, evaluate)) != 1:
        stop("expected one of: a text, --jsonl, --evaluate")
    from pipeline.cli.screening import measuring, running  # noqa: PLC0415 - half a second, not for --help
    from pipeline.cli.screening.screener import Terms  # noqa: PLC0415 - the same

    count = processes or len(os.sched_getaffinity(0))
    with told():
        here = None if alone else installation(data_dir_of(ctx))
        terms = Terms(tuple(policy_set or ()), tier is Audience.ADULT, age_claim, here)
        manner = running.manner(negative=field is Asked.NEGATIVE, model=model)
        if text is not None:
            running.screen_one(text, terms, manner, as_json=as_json)
        elif evaluate is not None:
            measuring.screen_sheet(evaluate, page, terms, manner, count, as_json=as_json)
        elif jsonl is not None and not running.screen_lines(jsonl, terms, manner, count):
            raise typer.Exit(REFUSED)
