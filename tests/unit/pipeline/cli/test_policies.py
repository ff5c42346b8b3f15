"""Policies from the command line: what is wrong is pointed at, what is asked is explained."""

import json
from pathlib import Path
from typing import Any, Protocol

import pytest

from pipeline.cli.explaining import Audience
from pipeline.cli.policy_sets import SHIPPED
from pipeline.items import Tier
from tests.unit.pipeline.cli.conftest import Run

_TENANT = """
set: harbour
layer: tenant
rules:
  - rule: gore
    on: [text]
    when: {signal: text.gore, at_least: 0.4}
    action: block
    code: VIO.GORE
    unknown: hold
"""


@pytest.fixture
def tenant(tmp_path: Path) -> Path:
    path = tmp_path / "harbour.yaml"
    path.write_text(_TENANT)
    return path


class TestCheck:
    @pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
    def test_what_is_shipped_can_be_used(self, path: Path, run: Run) -> None:
        """On the floor and the default set, or in their place."""
        done = run("policies", "check", path)

        assert done.exit_code == 0, done.stderr
        assert "can be used" in done.stdout

    def test_a_tenants_file_is_laid_on_floor_and_default(self, tenant: Path, run: Run) -> None:
        """It may read what only a set below it requires."""
        done = run("policies", "check", tenant, "--json")

        assert done.exit_code == 0
        (file,) = json.loads(done.stdout)["files"]
        assert (file["set"], file["layer"], file["rule_count"]) == ("harbour", "tenant", 1)
        assert len(file["digest"]) == 64

    def test_a_mistake_is_pointed_at(self, tenant: Path, run: Run) -> None:
        """File, line, column, the line itself, a caret."""
        tenant.write_text(_TENANT.replace("text.gore", "text.goer"))

        done = run("policies", "check", tenant)

        assert done.exit_code == 1
        assert done.stdout == ""
        assert f"{tenant}:7:20:" in done.stderr
        assert "\n" + " " * (4 + 19) + "^" in done.stderr

    def test_all_files_are_checked_whatever_is_wrong_with_one(
        self, tenant: Path, tmp_path: Path, run: Run
    ) -> None:
        """One run shows everything there is to mend."""
        bad = tmp_path / "bad.yaml"
        bad.write_text("set: bad\nlayer: tenant\nrules: [1]\n")

        done = run("policies", "check", bad, tenant, "--json")

        assert done.exit_code == 1
        files = json.loads(done.stdout)["files"]
        assert [file["ok"] for file in files] == [False, True]
        assert files[0]["problems"][0]["line"] == 3

    def test_sets_that_do_not_fit_together_are_told(self, tenant: Path, run: Run) -> None:
        """Two of one name: verdicts could not say whose they are."""
        done = run("policies", "check", tenant, "--on", tenant)

        assert done.exit_code == 1
        assert "two sets have this name" in done.stderr

    def test_a_file_that_is_not_there_is_another_matter(self, tmp_path: Path, run: Run) -> None:
        """It was not checked: that is two, not one."""
        assert run("policies", "check", tmp_path / "none.yaml").exit_code == 2


class Asked(Protocol):
    """Explains a decision over findings."""

    def __call__(self, findings: object, *words: str) -> dict[str, Any]: ...


class TestExplain:
    @pytest.fixture
    def asked(self, tmp_path: Path, run: Run) -> Asked:
        def asks(findings: object, *words: str) -> dict[str, Any]:
            path = tmp_path / "findings.json"
            path.write_text(json.dumps(findings))
            done = run("policies", "explain", "--findings", path, *words, "--json")
            assert done.exit_code == 0, done.stderr
            why: dict[str, Any] = json.loads(done.stdout)
            return why

        return asks

    def test_silence_is_unknown(self, asked: Asked) -> None:
        """One score says nothing about everything else: it is not allowed."""
        why = asked([{"name": "text.gore", "score": 0.1}])

        assert why["action"] not in {"allow", "label"}
        assert why["incapable"]

    def test_the_rest_can_be_taken_as_harmless(self, asked: Asked) -> None:
        """So that one rule can be tried out by itself."""
        why = asked([{"name": "text.gore", "score": 0.7}], "--harmless-otherwise")

        assert (why["action"], why["code"]) == ("label", "VIO.GORE")

    def test_a_stricter_set_decides_more_strictly(self, asked: Asked, tenant: Path) -> None:
        """A shipped set by its name, a tenant's by its file."""
        gore = [{"name": "text.gore", "score": 0.7}]
        for name in ("general-audience", str(tenant)):
            why = asked(gore, "--harmless-otherwise", "--policy", name)
            assert (why["action"], why["code"]) == ("block", "VIO.GORE")

    def test_whom_it_is_for_decides_too(self, asked: Asked) -> None:
        """Without a claim an adult request is refused for that; with one, as embedded, for more."""
        nude = [{"name": "text.sexual.nudity", "score": 0.9}]

        without = asked(nude, "--harmless-otherwise")
        claimed = asked(nude, "--harmless-otherwise", "--tier", "adult", "--age-claim")
        embedded = asked(
            nude,
            *("--harmless-otherwise", "--tier", "adult", "--age-claim"),
            *("--installed", "embedded"),
        )

        assert without["code"] == "AGE.CLAIM"
        assert (claimed["action"], claimed["missing"]) == ("label", [])
        assert embedded["action"] == "block"
        assert embedded["missing"]

    def test_people_get_the_account_in_lines(self, tmp_path: Path, run: Run) -> None:
        """Each rule, where it looked, and what came of it."""
        path = tmp_path / "findings.json"
        path.write_text('[{"name": "text.gore", "score": 0.7}]')

        shown = run("policies", "explain", "--findings", path, "--harmless-otherwise").stdout

        assert shown.startswith("request: label VIO.GORE")
        assert "[default] gore on texts: true > label VIO.GORE" in shown

    def test_what_is_no_findings_is_told(self, tmp_path: Path, run: Run) -> None:
        """Which one, and what was expected."""
        path = tmp_path / "findings.json"
        path.write_text('[{"name": "text.gore", "score": "high"}]')

        done = run("policies", "explain", "--findings", path)

        assert done.exit_code == 2
        assert "findings[0]: expected a score from 0 to 1" in done.stderr

    def test_a_policy_that_nobody_has_is_told_with_those_there_are(
        self, tmp_path: Path, run: Run
    ) -> None:
        """A misspelt name must not fall back to anything."""
        path = tmp_path / "findings.json"
        path.write_text("[]")

        done = run("policies", "explain", "--findings", path, "--policy", "general")

        assert done.exit_code == 2
        assert "general-audience" in done.stderr


def test_the_audiences_are_the_tiers() -> None:
    """They are named a second time only so that `--help` loads no models."""
    assert [each.value for each in Audience] == [each.value for each in Tier]


def test_the_shipped_sets_are_listed_floor_first(run: Run) -> None:
    """In the order in which they lie on each other."""
    sets = json.loads(run("policies", "list", "--json").stdout)["sets"]

    assert [each["set"] for each in sets][:2] == ["floor", "default"]
    assert "general-audience" in run("policies", "list").stdout


def test_a_set_is_shown_as_it_is_written(run: Run) -> None:
    """The file is the truth, comments and all."""
    text = (SHIPPED / "floor.yaml").read_text("utf-8")

    assert run("policies", "show", "floor").stdout == text
    shown = json.loads(run("policies", "show", "floor", "--json").stdout)
    assert shown["layer"] == "floor"
    assert run("policies", "show", "flour").exit_code == 2
