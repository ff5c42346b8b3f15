"""Asks a policy what it would decide over findings from a file, and why."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from classifiers.signals import Field, Finding, Picture, SignalName, Where
from pipeline.cli.output import AsJson, plain_lines, say_json, told
from pipeline.cli.policy_sets import load_set, stacked, text_of
from pipeline.history.findings import read_findings
from policies.explain import Explanation
from policies.explain import explain as explain_decision
from policies.facts import Facts, Moment, Rating
from policies.testing import EMBEDDED, harmless


class Audience(StrEnum):
    """The tiers of `pipeline.items`, whose module would load what looks at pictures."""

    GENERAL = "general"
    ADULT = "adult"


class Installed(StrEnum):
    """What the installation that is imagined can answer."""

    ALL = "all"
    EMBEDDED = "embedded"


def explain(
    findings: Annotated[Path, typer.Option(help="A JSON file: a list of findings.")],
    tier: Annotated[Audience, typer.Option(help="Whom the tenant serves.")] = Audience.GENERAL,
    age_claim: Annotated[
        bool, typer.Option("--age-claim", help="An age claim stands for the subject.")
    ] = False,
    policy: Annotated[
        list[str] | None,
        typer.Option(help="A set or file on top of floor and default; can be repeated."),
    ] = None,
    moment: Annotated[
        Moment, typer.Option(help="Before the upstream call, or of a picture that came back.")
    ] = Moment.REQUEST,
    installed: Annotated[
        Installed, typer.Option(help="What the installation can answer.")
    ] = Installed.ALL,
    harmless_otherwise: Annotated[
        bool,
        typer.Option(
            "--harmless-otherwise",
            help="What the file leaves open is answered as of something harmless; else unknown.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Decide over findings from a file, and say which rule said what, and why.

    A finding is {"name": "text.gore", "score": 0.7, "where": "input"}, or has
    "unavailable": "failed" for the score; audit detail --json prints the like.

    Exits with 0 (it was decided, whatever was), or 2 (it could not be).

    Examples:
      imprimatur policies explain --findings findings.json
      imprimatur policies explain --findings f.json --tier adult --age-claim
      imprimatur policies explain --findings f.json --policy general-audience
    """
    with told():
        laid = stacked([load_set(name) for name in policy or ()])
        found = read_findings(text_of(findings))
    facts = _facts(found, Facts(tier is Audience.ADULT, age_claim))
    if harmless_otherwise:
        found = _filled(found, facts)
    answerable = EMBEDDED if installed is Installed.EMBEDDED else laid.required(Rating.MATURE)
    why = explain_decision(laid, moment, found, facts, answerable)
    if as_json:
        say_json(_explained(why))
    else:
        typer.echo(plain_lines(why.render()))


def _facts(findings: Sequence[Finding], who: Facts) -> Facts:
    """Name every place that the findings speak of, and the texts, which every request has."""
    places = {_place(finding.where) for finding in findings} | {Field("*")}
    masks = {
        place
        for finding in findings
        if finding.name is SignalName.IMAGE_MASK
        and isinstance(place := _place(finding.where), Picture)
    }
    return replace(who, places=frozenset(places), masks=frozenset(masks))


def _place(where: Where) -> Where:
    return Field("*") if isinstance(where, Field) else Picture(where.carrier, where.index)


def _filled(findings: Sequence[Finding], facts: Facts) -> tuple[Finding, ...]:
    """Answer what nobody spoke of, at each place, as it is answered of something harmless."""
    named = {(_place(finding.where), finding.name) for finding in findings}
    rest = [
        finding
        for place in sorted(facts.places, key=repr)
        for finding in harmless(place)
        if (place, finding.name) not in named
    ]
    return (*findings, *rest)


def _explained(why: Explanation) -> dict[str, Any]:
    decision, weight = why.decision, why.account.weight
    return {
        "moment": why.moment,
        "action": decision.action,
        "code": decision.code,
        "incapable": decision.incapable,
        "missing": sorted(map(str, decision.missing)),
        "policy_digest": decision.policy_digest,
        "rating": why.account.rating,
        "minor": {"known": weight.minor.known, "possible": weight.minor.possible},
        "sexual": {"known": weight.sexual.known, "possible": weight.sexual.possible},
        "judgements": [
            {
                "layer": judgement.layer,
                "rule": judgement.rule,
                "about": judgement.about,
                "truth": judgement.answer.truth.value,
                "action": judgement.verdict and judgement.verdict.action,
                "code": judgement.verdict and judgement.verdict.code,
            }
            for judgement in why.account.judgements
        ],
    }
