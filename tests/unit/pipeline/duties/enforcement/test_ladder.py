"""The file of the steps: what it says, and what it may not say."""

from pathlib import Path

import pytest
import yaml

from pipeline.duties.enforcement.errors import LadderError
from pipeline.duties.enforcement.ladder import LONGEST, SHIPPED, Ladder, Step
from policies.labels import HarmCode

LADDER = Ladder.read()


def test_what_comes_with_it_ends_by_itself_and_says_so_in_every_language() -> None:
    """A machine restricts for a time; only a platform ends an account."""
    assert [each.step for each in LADDER.rungs] == [*Step]
    assert all(each.lasts <= LONGEST for each in LADDER.rungs)
    assert all(bool(each.lasts) is not (each.step is Step.WARN) for each in LADDER.rungs)
    assert LADDER.texts.keys() == {"en", "de", "fr", "es", "ja"}
    assert LADDER.text("suspend", "xx, de;q=0.5").startswith("Sie können")
    assert LADDER.text("suspend", "xx").startswith("You cannot")


@pytest.mark.parametrize("code", ["UNKNOWN", "OK", "CAPABILITY", "AGE.CLAIM", "TEXT.LANGUAGE"])
def test_what_nobody_did_is_no_breach(tmp_path: Path, code: str) -> None:
    """That a machine could not look is nobody's fault; nor is a language, or a missing claim."""
    assert HarmCode(code) not in LADDER.weights
    said = yaml.safe_load(SHIPPED.read_text("utf-8"))
    said["strikes"][0]["codes"].append(code)

    with pytest.raises(LadderError, match="codes of breaches"):
        Ladder.read(_written(tmp_path, said))


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("steps", 1, "hours"), 0, "hours for every step"),
        (("steps", 1, "hours"), 24 * 31, "ValidationError"),
        (("steps", 0, "hours"), 1, "hours for every step"),
        (("steps", 2, "at"), 2, "steps that rise"),
        (("steps", 4, "step"), "warn", "steps that rise"),
        (("strikes", 0, "days"), 400, "ValidationError"),
        (("strikes", 0, "weight"), 0, "ValidationError"),
        (("strikes", 1, "codes"), ["CSE.REAL"], "each code once"),
        (("texts", "en", "suspend"), " ", "every text"),
        (("texts", "en", "else"), "what", "every text"),
        (("else",), 1, "ValidationError"),
    ],
)
def test_what_contradicts_itself_is_refused(
    tmp_path: Path, path: tuple[str | int, ...], value: object, expected: str
) -> None:
    """At start, not when the first end user is to be restricted."""
    said = yaml.safe_load(SHIPPED.read_text("utf-8"))
    at = said
    for each in path[:-1]:
        at = at[each]
    at[path[-1]] = value

    with pytest.raises(LadderError, match=expected):
        Ladder.read(_written(tmp_path, said))


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    """Nothing is served without it."""
    path = tmp_path / "ladder.yaml"
    path.write_text("- not: [a ladder")

    with pytest.raises(LadderError, match="strikes, steps, texts"):
        Ladder.read(path)


def test_the_page_says_what_the_file_says() -> None:
    """Whoever contests a restriction reads the page."""
    page = (Path(__file__).parents[5] / "docs" / "enforcement.md").read_text("utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    steps = {
        line.strip("| ").split(" | ")[1].strip("`"): line.strip("| ").split(" | ")
        for line in page.splitlines()
        if line[2:3].isdigit()
    }
    assert [int(steps[each.step][0]) for each in LADDER.rungs] == [each.at for each in LADDER.rungs]
    hours = [f"{each.lasts.total_seconds() / 3600:.0f} hours" for each in LADDER.rungs[1:]]
    assert [steps[each.step][2] for each in LADDER.rungs[1:]] == hours

    told: dict[HarmCode, tuple[int, int]] = {}
    for codes, weight, days in (row for row in rows if len(row) == 3 and row[1].isdigit()):
        for name in codes.replace("`", "").split(", "):
            family = [code for code in HarmCode if name == f"{code.family}.*"]
            for code in family or [HarmCode(name)]:
                told[code] = int(weight), int(days.split()[0])
    weights = {code: (each.weight, each.lasts.days) for code, each in LADDER.weights.items()}
    assert told == weights


def _written(folder: Path, said: object) -> Path:
    path = folder / "ladder.yaml"
    path.write_text(yaml.safe_dump(said))
    return path
