"""Whatever stands on a line, one line answers it; whatever is in a sheet, it is read or refused."""

import io
import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.content import Grammar, Polarity
from classifiers.signals import Field
from pipeline.cli.errors import UnusableError
from pipeline.cli.policy_sets import stacked
from pipeline.cli.screening.asked import Manner
from pipeline.cli.screening.labelled import Sheet
from pipeline.cli.screening.lines import Line, answer, lines_of
from pipeline.cli.screening.screener import Screener
from pipeline.novelai.limits import Limits
from policies.facts import Facts
from tests.unit.pipeline.lookers import Reader

JUDGING = Screener(
    [Reader()],
    stacked([]),
    Facts(tier_adult=False, age_claim=False, places=frozenset({Field("*")})),
)
MANNER = Manner(Polarity.POSITIVE, Grammar.V4)
KEYS = {"id", "action", "codes", "signals", "unavailable", "ms"}
VALUES = st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.just({"input": [1]})
OBJECTS = st.dictionaries(st.sampled_from(["id", "text", "request", "x"]), VALUES)


@settings(deadline=None)  # the machine is shared: a slow moment is no failure
@given(st.binary(max_size=80) | OBJECTS.map(lambda each: json.dumps(each).encode()))
def test_every_line_is_answered_by_one_line(data: bytes) -> None:
    """With all its keys, and with an error exactly if it could not be judged."""
    written, is_judged = answer(JUDGING, MANNER, Line(7, data))

    said = json.loads(written)
    assert "\n" not in written
    assert said.keys() - {"error"} == KEYS
    assert is_judged is ("error" not in said)
    assert is_judged or (said["action"], said["signals"]) == ("block", {})


@settings(deadline=None)  # the machine is shared: a slow moment is no failure
@given(st.text(), st.integers() | st.text() | st.none())
def test_a_text_is_judged_and_its_id_comes_back(text: str, id_: int | str | None) -> None:
    """Whoever asked finds the answer again, whatever was asked."""
    data = json.dumps({"id": id_, "text": text}).encode()

    written, is_judged = answer(JUDGING, MANNER, Line(1, data))

    assert is_judged
    assert json.loads(written)["id"] == id_


@given(st.lists(st.binary(max_size=20).filter(lambda data: b"\n" not in data)))
def test_lines_keep_their_numbers_and_empty_ones_are_left_out(parts: list[bytes]) -> None:
    """The number leads back to the file."""
    lines = list(lines_of(io.BytesIO(b"\n".join(parts))))

    assert [(line.number, line.data) for line in lines] == [
        (number, part.strip()) for number, part in enumerate(parts, 1) if part.strip()
    ]


def test_a_line_beyond_any_request_is_told_and_the_next_is_read() -> None:
    """It is never held whole."""
    most = Limits().body_bytes

    lines = list(lines_of(io.BytesIO(b"x" * (2 * most) + b"\n" + b"{}\n")))

    assert [(line.number, line.data) for line in lines] == [(1, None), (2, b"{}")]
    assert "at most" in answer(JUDGING, MANNER, lines[0])[0]


@settings(deadline=None)  # the machine is shared: a slow moment is no failure
@given(st.text(alphabet='abtexsourchate,"\n\r01 ;\0', max_size=60))
def test_a_sheet_is_read_or_refused(text: str) -> None:
    """Nothing else: a measurement that stops half-way has a reason to name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.csv"
        path.write_text(f"text,source,hate\n{text}", encoding="utf-8", newline="")
        try:
            rows = list(Sheet.open(path).rows())
        except UnusableError:
            return
    assert all(len(row.labels) == 1 for row in rows)
