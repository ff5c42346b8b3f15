"""The command that judges pictures without a server: `imprimatur examine`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.context import data_dir_of
from pipeline.cli.explaining import Audience
from pipeline.cli.installed import Alone, installation
from pipeline.cli.output import REFUSED, AsJson, stop, told
from policies.facts import Moment


def examine(
    ctx: typer.Context,
    pictures: Annotated[
        list[Path] | None, typer.Argument(help="Files, or folders of PNG, JPEG and WebP files.")
    ] = None,
    jsonl: Annotated[
        str | None, typer.Option(metavar="FILE", help="Judge each line of a file; - is stdin.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Add a line for each picture; a run goes on from there."),
    ] = None,
    evaluate: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Measure on labelled pictures, or on handed-on scores."),
    ] = None,
    scores_only: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --evaluate: write only labels and scores, signed."),
    ] = None,
    key: Annotated[
        Path, typer.Option(help="The key that signs --scores-only; made if it is not there.")
    ] = Path("scores.key"),
    vkey: Annotated[
        str | None, typer.Option(help="Who signed the scores that --evaluate is to measure.")
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(
            help="Where --evaluate writes its page.", show_default="FILE.evaluation.html here"
        ),
    ] = None,
    moment: Annotated[
        Moment, typer.Option(help="Judge it as an upload of a request, or as what came back.")
    ] = Moment.OUTPUT,
    policy_set: Annotated[
        list[str] | None,
        typer.Option(help="A set or file on top of floor and default; can be repeated."),
    ] = None,
    tier: Annotated[Audience, typer.Option(help="Whom the tenant serves.")] = Audience.GENERAL,
    age_claim: Annotated[
        bool, typer.Option("--age-claim", help="An age claim stands for the subject.")
    ] = False,
    alone: Alone = False,
    processes: Annotated[
        int | None, typer.Option(min=1, help="How many at once.", show_default="all cores")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge pictures under the active policy, without a server or a network.

    Each is decoded, looked at by the embedded models, and decided on as the
    gateway would; what it says of itself is read. Where the data directory
    holds an installation, its policies and term packs hold. No list of known
    pictures is asked: that is `imprimatur banks match`, and leaves an entry.

    A line of --jsonl is {"id", "path"} or {"id", "image"} with base64; its
    answer has id, action, codes, signals, unavailable, width, height, ms.
    A picture that cannot be read has an "error" as well, and is a block.

    The columns of --evaluate are path, source, and for each label 1, 0 or
    nothing. A label is a signal of pictures, or a code: then what is measured
    is whether the policy stops it.

    Exits with 0 (all was judged, whatever was decided), 1 (one could not be),
    or 2 (nothing could).

    Examples:
      imprimatur examine picture.png
      imprimatur examine pictures/ --out results.jsonl
      imprimatur examine a.png b.webp --moment request --json
      imprimatur examine --jsonl asked.jsonl --policy-set general-audience
      imprimatur examine --evaluate labelled.csv --page measured.html
      imprimatur examine --evaluate labelled.csv --scores-only scores.jsonl
      imprimatur examine --evaluate scores.jsonl --vkey scores+12345678+AbCd
    """
    if sum((jsonl is not None, bool(pictures), evaluate is not None)) != 1:
        stop("expected one of: pictures, --jsonl, --evaluate")
    if (out is not None and not pictures) or (scores_only is not None and evaluate is None):
        stop("--out goes with pictures, --scores-only with --evaluate")
    from pipeline.cli.examining import measuring, running  # noqa: PLC0415 - a second, not for --help
    from pipeline.cli.examining.examiner import Terms  # noqa: PLC0415 - the same

    count = processes or len(os.sched_getaffinity(0))
    with told():
        here = None if alone else installation(data_dir_of(ctx))
        terms = Terms(tuple(policy_set or ()), moment, tier is Audience.ADULT, age_claim, here)
        well = True
        if evaluate is not None and scores_only is not None:
            measuring.write_scores(evaluate, scores_only, key, terms, count)
        elif evaluate is not None and vkey is not None:
            measuring.measure_scores(evaluate, vkey, page, as_json=as_json)
        elif evaluate is not None:
            measuring.measure_pictures(evaluate, page, terms, count, as_json=as_json)
        elif jsonl is not None:
            well = running.examine_lines(jsonl, terms, count)
        elif pictures and len(pictures) == 1 and not pictures[0].is_dir() and out is None:
            well = running.examine_one(pictures[0], terms, as_json=as_json)
        else:
            well = running.examine_many(pictures or [], out, terms, count, as_json=as_json)
    if not well:
        raise typer.Exit(REFUSED)
