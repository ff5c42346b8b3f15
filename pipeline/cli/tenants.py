"""Tenants: the platforms that this installation serves."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import onboarding, operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.operator import PersonName, part, person_or_login
from pipeline.cli.output import (
    REFUSED,
    UNABLE,
    AsJson,
    say,
    say_json,
    say_pairs,
    say_table,
    stop,
)
from pipeline.items import Undesired

app = typer.Typer(help="Add, list and set the platforms that are served.", no_args_is_help=True)


@app.command()
def add(
    ctx: typer.Context,
    tenant: Annotated[
        str, typer.Argument(metavar="TENANT", help="Its id: lower-case letters, digits, dashes.")
    ],
    name: Annotated[str, typer.Option(help="Its name.", show_default="the id")] = "",
    assured: Annotated[
        bool, typer.Option("--assured", help="It has declared that all its users' age is assured.")
    ] = False,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            help="A policy set on top of the installation's own: a shipped one, or a .yaml file; "
            "can be repeated."
        ),
    ] = None,
    anlas: Annotated[int, typer.Option(min=0, help="How many Anlas it may spend.")] = 10_000,
    as_json: AsJson = False,
) -> None:
    """Add a tenant. It needs an API key next: `imprimatur keys create`.

    Its policy is put together at once: a set that is not there, or does not fit, is refused.

    Exits with 0, 1 (there is such a tenant already), 2 (it could not be done).

    Examples:
      imprimatur tenants add harbour --name "Harbour Pictures"
      imprimatur tenants add kids --policy general-audience --anlas 50000
    """
    body = {
        "id": tenant,
        "name": name or tenant,
        "assured": assured,
        "policy_sets": [_from_here(each) for each in policy or []],
        "anlas_budget": anlas,
    }
    added = operator.ask(data_dir_of(ctx), "POST", "/tenants", body)
    if as_json:
        say_json(added)
    else:
        say(f"added {tenant}; now: imprimatur keys create {tenant}")
        say(f"to serve adults as well: imprimatur tenants init {tenant}")


@app.command("set")
def set_(
    ctx: typer.Context,
    tenant: Annotated[str, typer.Argument(metavar="TENANT", help="As `tenants list` shows it.")],
    released_metadata: Annotated[
        str | None,
        typer.Option(
            help="What of NovelAI's texts leaves with its pictures: keep, strip_text (alpha still "
            "carries the prompt), strip_all, label (one that people see, too), or default: the "
            "installation's own choice."
        ),
    ] = None,
    anlas: Annotated[
        int | None, typer.Option(min=0, help="How many Anlas it may spend in all.")
    ] = None,
    subject_anlas: Annotated[
        str | None,
        typer.Option(
            metavar="ANLAS",
            help="How many Anlas each of its end users may spend in 24 hours; none: only the "
            "tenant's own budget counts.",
        ),
    ] = None,
    quality: Annotated[
        bool | None,
        typer.Option("--quality/--no-quality", help="Add the model's quality tags to prompts."),
    ] = None,
    undesired: Annotated[
        Undesired | None,
        typer.Option(help="Add the model's preset of undesired content to negative prompts."),
    ] = None,
    anatomy: Annotated[
        bool | None,
        typer.Option("--anatomy/--no-anatomy", help="Add the faults that models make in bodies."),
    ] = None,
    nsfw: Annotated[
        bool | None,
        typer.Option(
            "--nsfw/--no-nsfw",
            help="Add `nsfw` to the negative prompts of requests for the general audience.",
        ),
    ] = None,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Choose what leaves with a tenant's pictures, what is added to prompts, what users may spend.

    Without an option it shows what is chosen. What is added passes every gate, and each answer says
    what it was. A change counts from the next request on, and is an entry of the log.

    Exits with 0, 1 (there is no such tenant), 2 (it could not be done).

    Examples:
      imprimatur tenants set harbour --released-metadata strip_all
      imprimatur tenants set harbour --anlas 50000 --subject-anlas 500
      imprimatur tenants set harbour --quality --undesired heavy --anatomy --nsfw
      imprimatur tenants set harbour --json
    """
    said = {
        "released_metadata": released_metadata,
        "anlas": anlas,
        "subject_anlas": _anlas(subject_anlas),
        "quality": quality,
        "undesired": undesired,
        "anatomy": anatomy,
        "nsfw": nsfw,
    }
    change = {name: value for name, value in said.items() if value is not None}
    place = f"/tenants/{part(tenant)}/choices"
    if change:
        change["person"] = person_or_login(person)
    chosen = operator.ask(data_dir_of(ctx), "PATCH" if change else "GET", place, change or None)
    if as_json:
        say_json(chosen)
    else:
        say_table(["choice", "value"], [[name, value] for name, value in chosen.items()], "")


def _anlas(said: str | None) -> int | str | None:
    """Read how many; what is neither a number nor `none` is refused by the server."""
    return int(said) if said is not None and said.isascii() and said.isdecimal() else said


@app.command()
def init(
    ctx: typer.Context,
    tenant: Annotated[str, typer.Argument(metavar="TENANT", help="As `tenants list` shows it.")],
    answers: Annotated[
        list[str] | None,
        typer.Option(
            "--answer",
            metavar="QUESTION=ANSWER",
            help="An answer, without being asked; several of one question with commas between.",
        ),
    ] = None,
    ask: Annotated[
        bool, typer.Option("--ask/--no-ask", help="Ask for what is not answered yet.")
    ] = True,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Ask what an operator has to know of a platform. Adults are served once all is answered.

    Questions: role, territories, age_provider, reporting, reporting_reason, lists, languages,
    reviews_a_day, on_call. An empty answer leaves a question open; answers can be changed. What is
    still open is told, and each change is an entry of the log.

    Exits with 0 (complete), 1 (questions are open, or there is no such tenant), 2 (it could not be
    done).

    Examples:
      imprimatur tenants init harbour
      imprimatur tenants init harbour --no-ask --answer role=hosting --answer territories=DE,FR
    """
    place = f"/tenants/{part(tenant)}/profile"
    known = operator.ask(data_dir_of(ctx), "GET", place)
    given = dict(map(_answer, answers or []))
    for name in onboarding.QUESTIONS if ask else ():
        if onboarding.is_open(name, {**known["profile"], **given}):
            given |= _asked(name)
    if given:
        body = {"profile": given, "person": person_or_login(person)}
        known = operator.ask(data_dir_of(ctx), "PATCH", place, body)
    if as_json:
        say_json(known)
    else:
        say_pairs(known["profile"])
        say(onboarding.told(known["missing"]))
    if known["missing"]:
        raise typer.Exit(REFUSED)


def _answer(said: str) -> tuple[str, object]:
    name, equals, text = said.partition("=")
    if not equals or name not in onboarding.QUESTIONS:
        stop(f"--answer: expected QUESTION=ANSWER, of {', '.join(onboarding.QUESTIONS)}", UNABLE)
    return name, onboarding.read(name, text)


def _asked(name: str) -> dict[str, object]:
    text = typer.prompt(onboarding.QUESTIONS[name], default="", show_default=False, err=True)
    return {name: onboarding.read(name, text)} if text.strip() else {}


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the tenants, their policy sets, and what they have spent.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur tenants list
      imprimatur tenants list --json
    """
    tenants = operator.ask(data_dir_of(ctx), "GET", "/tenants")
    if as_json:
        say_json({"tenants": tenants})
        return
    columns = ["id", "name", "assured", "serves_adults", "policy_sets"]
    columns += ["anlas_budget", "anlas_spent"]
    rows = [[tenant[column] for column in columns] for tenant in tenants]
    titles = ["tenant", "name", "age assured", "adult tier", "policy sets", "Anlas", "spent"]
    say_table(titles, rows, "There are no tenants.")


def _from_here(policy: str) -> str:
    """Name a file in full: the server does not stand where the command was typed."""
    return str(Path(policy).resolve()) if policy.endswith((".yaml", ".yml")) else policy
