"""What the documents say is held against the code: a page that lags behind is a failure."""

import asyncio
import importlib.util
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import get_args, get_origin
from xml.etree import ElementTree as ET

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from audit.entry import Kind
from classifiers.signals import Reason, SignalName
from pipeline import projection
from pipeline.access.permissions import FOR_API_KEYS, FOR_SUBJECT_TOKENS, Permission
from pipeline.app import open_house
from pipeline.cli.main import app
from pipeline.duties.appeals import appeals
from pipeline.duties.enforcement import enforcing
from pipeline.duties.reports import evidence
from pipeline.duties.takedown import intake
from pipeline.gateway.errors import STATUS
from pipeline.gateway.shapes import MEANING
from pipeline.items import PublicCode
from pipeline.jobs import overdue, paging, rulings
from pipeline.novelai import accounts_alarms
from pipeline.settings import Settings, first_start, load
from pipeline.store import jobs

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
OTHERS = {"cp", "curl", "docker", "openssl", "printf", "sqlite3"}
"""Programs that the documents may name and that are not ours."""


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def commands(text: str) -> Iterator[list[str]]:
    """Yield every command of the `sh` blocks of a page, as words."""
    for block in re.findall(r"^ *```sh[^\n]*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words:
                yield words


def every_command(program: str) -> list[list[str]]:
    """Return every command that begins with a program, over all pages of ours."""
    return [words for words in _all_commands() if words[0] == program]


def _all_commands() -> list[list[str]]:
    """Return every command of every page; those of the SDKs' page are run by `make compat`."""
    own = [path for path in PAGES if path.parent.name != "sdk"]
    return [words for path in own for words in commands(path.read_text(encoding="utf-8"))]


def table(text: str, heading: str) -> dict[str, list[str]]:
    """Return the rows of the first table below a heading, by the name in their first cell."""
    below = text.partition(f"\n{heading}\n")[2]
    lines = iter(below.splitlines())
    rows = [line for line in _first_table(lines) if line.startswith("| `")]
    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]
    return {row[0].strip("` "): row[1:] for row in cells}


def _first_table(lines: Iterator[str]) -> Iterator[str]:
    begun = False
    for line in lines:
        begun = begun or line.startswith("|")
        if begun and not line.startswith("|"):
            return
        yield line


def values(words: type[StrEnum]) -> set[str]:
    return {word.value for word in words}


class TestCommands:
    def test_there_are_some(self) -> None:
        """A reader of pages that finds nothing proves nothing."""
        assert len(every_command("imprimatur")) > 10
        assert len(every_command("make")) >= 3
        assert every_command("python")

    @pytest.mark.parametrize("words", every_command("imprimatur"), ids=" ".join)
    def test_each_imprimatur_command_exists_with_its_options(self, words: list[str]) -> None:
        """`--help` at the end does nothing, and refuses a command or option that is not there."""
        said = CliRunner().invoke(app, [*words[1:], "--help"])
        assert said.exit_code == 0, said.output
        assert "Usage" in said.output

    def test_an_option_that_does_not_exist_would_be_found(self) -> None:
        """The test above is worth something only if this is so."""
        said = CliRunner().invoke(app, ["audit", "verify", "--no-such-option", "--help"])
        assert said.exit_code == 2

    @pytest.mark.parametrize("words", every_command("make"), ids=" ".join)
    def test_each_make_target_exists(self, words: list[str]) -> None:
        """The first thing that anybody types must work."""
        targets = re.findall(r"^([a-z0-9-]+):", page("Makefile"), re.MULTILINE)
        assert set(words[1:]) <= set(targets)

    @pytest.mark.parametrize("words", every_command("python"), ids=" ".join)
    def test_each_module_can_be_run(self, words: list[str]) -> None:
        """Whoever verifies a log for us knows nothing else of the program."""
        assert words[1] == "-m"
        found = importlib.util.find_spec(words[2])
        assert found is not None
        assert found.origin is not None
        assert '__name__ == "__main__"' in Path(found.origin).read_text(encoding="utf-8")

    def test_no_other_program_is_asked_for(self) -> None:
        """A reader can see at a glance what has to be installed."""
        named = {words[0] for words in _all_commands()}
        assert named <= OTHERS | {"imprimatur", "make", "python"}


class TestTables:
    def test_every_signal_is_explained(self) -> None:
        """A reviewer meets these names, and must not guess."""
        assert table(page("docs/signals.md"), "## Signals").keys() == values(SignalName)

    def test_every_reason_is_explained(self) -> None:
        """Not knowing has kinds."""
        heading = "## Reasons for which nobody could look"
        assert table(page("docs/signals.md"), heading).keys() == values(Reason)

    def test_every_kind_of_entry_is_explained(self) -> None:
        """An auditor reads the log without the source."""
        assert table(page("docs/log.md"), "## Entries").keys() == values(Kind)

    def test_no_kind_that_is_written_is_said_not_to_be(self) -> None:
        """What the page says of today has to be so today."""
        written = {
            Kind[name]
            for folder in ("pipeline", "audit")
            for path in (ROOT / folder).rglob("*.py")
            for name in re.findall(r"\bKind\.([A-Z_]+),", path.read_text("utf-8"))
            if name in Kind.__members__  # a bank has kinds too
        }
        rows = table(page("docs/log.md"), "## Entries")
        late = {name for name, cells in rows.items() if cells[1].strip("| ") == "not written yet"}
        assert {Kind.RULING, Kind.ACCESS, Kind.MEDIA} <= written
        assert not late & {kind.value for kind in written}

    def test_every_public_code_is_explained_with_its_status(self) -> None:
        """An integrator writes a branch for each."""
        rows = table(page("docs/api.md"), "## A failure")
        assert rows.keys() == values(PublicCode)
        for code, status in STATUS.items():
            assert rows[code][0].startswith(str(status))

    def test_every_status_is_explained_as_openapi_does(self) -> None:
        """Two descriptions of one thing must not drift apart."""
        rows = dict(re.findall(r"^\| (\d{3}) \| (.+) \|$", page("docs/api.md"), re.MULTILINE))
        assert rows.keys() == {str(status) for status in MEANING}
        for status, meaning in MEANING.items():
            assert rows[str(status)].startswith(meaning)

    def test_every_permission_is_listed_with_who_can_hold_it(self) -> None:
        """A key is no person."""
        rows = table(page("docs/api.md"), "## Permissions")
        assert rows.keys() == values(Permission)
        for permission in Permission:
            holders = rows[permission][0]
            assert ("keys" in holders) == (permission in FOR_API_KEYS)
            assert ("subject tokens" in holders) == (permission in FOR_SUBJECT_TOKENS)

    def test_every_webhook_is_listed(self) -> None:
        """Whoever receives them knows each before it comes."""
        kinds = {
            accounts_alarms.LOW,
            accounts_alarms.SPENT,
            appeals.RECEIVED,
            appeals.DECIDED,
            enforcing.CHANGED,
            evidence.ASKED,
            intake.DECIDED,
            jobs.ENDED,
            overdue.APPEAL_DUE,
            overdue.DUE,
            overdue.REPORT_DUE,
            overdue.UNFILED,
            paging.DUE,
            paging.FULL,
            projection.NOTICE,
            rulings.RULED,
        }
        told = page("docs/jobs.md").partition("## Webhooks")[2]
        rows = [line.split("|")[1] for line in told.splitlines() if line.startswith("| `")]
        assert set(re.findall(r"`([a-z_.]+)`", "".join(rows))) == kinds

    def test_every_header_is_listed(self) -> None:
        """What an integrator can send or keep stands in one place."""
        sources = "".join(path.read_text("utf-8") for path in gateway_sources())
        named = {name.lower() for name in re.findall(r'"([Xx]-[A-Za-z-]+)"', sources)}
        listed = {name.lower() for name in re.findall(r"`(X-[A-Za-z-]+)`", page("docs/api.md"))}
        assert len(named) > 5
        assert named == listed


class TestSettings:
    def test_every_setting_has_its_row(self) -> None:
        """A setting that nobody can read about is a trap."""
        rows = table(page("docs/operate.md"), "## Settings")
        assert rows.keys() == set(settings_of(Settings))

    def test_every_default_is_the_one_that_is_stated(self) -> None:
        """Operators decide by this page what they need not write."""
        rows = table(page("docs/operate.md"), "## Settings")
        checked = 0
        for name, default in settings_of(Settings).items():
            if isinstance(default, str | bool | int | float) and name != "upstream.verify_key":
                stated = rows[name][0]
                if name != "log_origin":  # the first start makes one
                    assert stated == f"`{spelled(default)}`", name
                checked += 1
        assert checked > 10

    def test_every_file_of_an_installation_is_listed(self, installation: Path) -> None:
        """Nobody can guard, back up or forget what they do not know of."""
        listed = re.findall(r"`([\w./*-]+)`", page("docs/operate.md"))
        for path in installation.rglob("*"):
            name = str(path.relative_to(installation))
            folder = name.split("/", maxsplit=1)[0] + "/"
            stem = re.sub(r"-(wal|shm)$|\.lock$", "", name)
            patterns = {name, folder, stem, re.sub(r"\.\w+$", ".*", name)} - {"keys/"}
            assert path.is_dir() or patterns & set(listed), name


class TestRoutes:
    def test_every_route_is_listed(self, routes: Mapping[str, list[str]]) -> None:
        """What is not on the page is not meant to be there."""
        text = page("docs/api.md")
        listed = set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`]*)`", text))
        served = {
            f"{method.upper()} {path}" for path, methods in routes.items() for method in methods
        }
        assert len(served) > 15
        assert listed == served | {"GET /help/refusals"}


class TestPages:
    @pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
    def test_every_link_within_the_repository_leads_somewhere(self, path: Path) -> None:
        """A page that moved leaves no dead end."""
        text = path.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            assert "://" not in target, f"{target}: name it, or bring it here"
            name, _, anchor = target.partition("#")
            linked = (path.parent / name) if name else path
            assert linked.exists(), target
            if anchor:
                assert anchor in anchors(linked.read_text(encoding="utf-8")), target

    def test_the_picture_of_the_path_can_be_read_by_all(self) -> None:
        """It renders in light and dark, and says in words what it shows."""
        text = page("docs/path.svg")
        name = "{http://www.w3.org/2000/svg}"
        picture = ET.fromstring(text)  # noqa: S314 - our own file
        assert picture.findtext(f"{name}title")
        assert picture.findtext(f"{name}desc")
        assert "prefers-color-scheme: dark" in text
        assert not re.findall(r"<script|<image|href=|@import", text)

    def test_the_changes_tell_of_this_version(self) -> None:
        """Whoever upgrades reads it first."""
        version = re.search(r'^version = "(.+)"$', page("pyproject.toml"), re.MULTILINE)
        assert version is not None
        assert f"\n## {version[1]}" in page("CHANGELOG.md")

    def test_the_notice_names_every_model(self) -> None:
        """Their licences ask for it."""
        models = {path.name for path in (ROOT / "classifiers" / "weights").glob("*.onnx")}
        assert models
        assert all(model in page("NOTICE") for model in models)

    def test_every_decision_is_numbered_once(self) -> None:
        """They are named by their number."""
        names = [path.name for path in sorted((ROOT / "docs" / "adr").glob("*.md"))]
        numbers = [name.partition("-")[0] for name in names]
        assert numbers == [f"{number:04}" for number in range(1, len(names) + 1)]
        for name in names:
            assert page(f"docs/adr/{name}").startswith(f"# {int(name[:4])}. ")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data directory of an installation that was opened once."""
    data_dir = tmp_path_factory.mktemp("docs") / "data"
    first_start(data_dir, lambda count: b"d" * count)
    (data_dir / "routes.json").write_text(json.dumps(asyncio.run(_routes(data_dir))), "utf-8")
    (data_dir / "routes.json").rename(data_dir.parent / "routes.json")
    return data_dir


@pytest.fixture(scope="module")
def routes(installation: Path) -> Mapping[str, list[str]]:
    """Return the methods of every path that the gateway tells of."""
    found: Mapping[str, list[str]] = json.loads((installation.parent / "routes.json").read_text())
    return found


async def _routes(data_dir: Path) -> dict[str, list[str]]:
    token = {"IMPRIMATUR_NOVELAI_TOKENS": "pst-" + "d" * 64, "IMPRIMATUR_DEVELOPMENT": "true"}
    async with open_house(load(data_dir, token)) as house:
        return {path: list(methods) for path, methods in house.public.openapi()["paths"].items()}


def settings_of(part: type[BaseModel], prefix: str = "") -> dict[str, object]:
    """Return every setting by its dotted name, with its default; parts are gone into."""
    found: dict[str, object] = {}
    for name, field in part.model_fields.items():
        inner, listed = _part(field.annotation), get_origin(field.annotation) is tuple
        if inner is None or listed or field.default is None:
            found[prefix + name] = field.default
        if inner is not None:
            found |= settings_of(inner, f"{prefix}{name}{'[]' if listed else ''}.")
    return found


def _part(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((inner for each in get_args(annotation) if (inner := _part(each))), None)


def spelled(default: str | bool | float) -> str:
    """Spell a default as the settings file does."""
    return str(default).lower() if isinstance(default, bool) else str(default)


def gateway_sources() -> list[Path]:
    return sorted((ROOT / "pipeline" / "gateway").glob("*.py"))


def anchors(text: str) -> set[str]:
    """Return the anchors that a page's headings make."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
