import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import policies
from policies.errors import PolicyError

SETS = Path(policies.__file__).parent / "sets"
ERRORS = Path(__file__).parent / "errors"
BROKEN = sorted(ERRORS.glob("*.yaml"))
MINE = """
set: mine
layer: tenant
rules:
  - rule: gore
    on: [text]
    when: {signal: text.gore, at_least: 0.5}
    action: block
    code: VIO.GORE
"""


@pytest.mark.parametrize("broken", BROKEN, ids=[path.stem for path in BROKEN])
def test_each_mistake_is_told_as_written_down(broken: Path) -> None:
    """Messages are what an operator works with: a change to one shows in a diff.

    `WRITE_OUTPUTS=1` rewrites them.
    """
    with pytest.raises(PolicyError) as caught:
        policies.load(broken.read_text("utf-8"), broken.name)

    told = f"{caught.value}\n"
    expected = broken.with_suffix(".txt")
    if os.environ.get("WRITE_OUTPUTS"):
        expected.write_text(told, "utf-8")
    assert told == expected.read_text("utf-8")


def test_every_written_message_has_its_mistake() -> None:
    """A message whose set is gone would be read by nobody."""
    assert {path.stem for path in ERRORS.glob("*.txt")} == {path.stem for path in BROKEN}


@pytest.mark.parametrize("path", sorted(SETS.glob("*.yaml")), ids=lambda path: str(path.stem))
def test_each_shipped_set_is_called_as_its_file(path: Path) -> None:
    """Verdicts name the set; people look for the file."""
    assert policies.load(path.read_text("utf-8"), path.name).name == path.stem


def test_what_a_set_says_is_its_digest_and_how_is_not() -> None:
    """A comment or another order of keys is the same policy; another threshold is not."""
    first, second = "    action: block\n", "    code: VIO.GORE\n"
    text = MINE.replace(first + second, second + first)

    said = policies.load(MINE, "mine.yaml").canonical

    assert policies.load(f"# a comment\n{text}", "other.yaml").canonical == said
    assert policies.load(MINE.replace("0.5", "0.6"), "mine.yaml").canonical != said


def test_all_problems_are_told_at_once() -> None:
    """Who fixes a set should not have to load it ten times."""
    with pytest.raises(PolicyError) as caught:
        policies.load((ERRORS / "everything_at_once.yaml").read_text("utf-8"), "set.yaml")

    lines = [problem.line for problem in caught.value.problems]
    assert len(lines) > 10
    assert lines == sorted(lines)


@settings(deadline=None)  # the machine is shared: a slow moment is no failure
@given(st.text(alphabet=st.characters(), max_size=200))
def test_any_text_is_a_set_or_an_error(text: str) -> None:
    """A parser that raises anything else ends in a stack trace with content in it."""
    with pytest.raises(PolicyError):
        policies.load(text, "any.yaml")


WORDS = ["set", "rules", "rule", "on", "when", "all", "text.gore", "&a ", "*a", "!!map ", "~", "-"]
SIGNS = [": ", ", ", "[", "]", "{", "}", "\n", "  ", '"', "'", "|", ">", "? ", "%YAML 1.1\n", "\t"]


@settings(deadline=None)  # the machine is shared: a slow moment is no failure
@given(st.lists(st.sampled_from(WORDS + SIGNS), max_size=40).map("".join))
def test_anything_like_yaml_is_a_set_or_an_error(text: str) -> None:
    """Closer to YAML than any text: complex keys, anchors, tags, broken quotes."""
    with pytest.raises(PolicyError):
        policies.load(text, "any.yaml")


@settings(deadline=None)  # the machine is shared: a slow moment is no failure
@given(st.data())
def test_a_shipped_set_with_a_piece_cut_out_is_a_set_or_an_error(data: st.DataObject) -> None:
    """Half-written files are what is found on disks."""
    text = (SETS / "general-audience.yaml").read_text("utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    try:
        loaded = policies.load(text[:start] + text[end:], "cut.yaml")
    except PolicyError as error:
        assert error.problems  # noqa: PT017 - either outcome is right, and each has its check
    else:
        assert loaded.rules
