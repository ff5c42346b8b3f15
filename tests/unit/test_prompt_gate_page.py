"""The page of whom the prompt gate stops is held against the policies and those who make it."""

import re
from itertools import product
from pathlib import Path

import policies
from policies.layers import Floor
from policies.levels import Minor, Sexual
from policies.loading import load

PAGE = Path(__file__).parents[2] / "docs" / "prompt-gate.md"
SETS = Path(policies.__file__).parent / "sets"


def floor() -> Floor:
    """Return the floor that ships."""
    return policies.compose(
        [load((SETS / f"{name}.yaml").read_text("utf-8"), name) for name in ("floor", "default")]
    ).floor


def test_every_cell_of_the_matrix_is_there_with_its_action() -> None:
    """A rate beside another action than the one that ships would mislead."""
    cell = re.compile(r"^\| `(\w+)` \| `(\w+)` \| `(\w+)` \|", re.MULTILINE)
    found = {(row[0], row[1]): row[2] for row in cell.findall(PAGE.read_text("utf-8"))}

    cells = floor().matrix.cells
    assert found == {pair: str(cells[pair].action) for pair in product(Minor, Sexual)}


def test_every_section_that_is_made_has_been_made() -> None:
    """An empty table says that nobody measured."""
    text = PAGE.read_text("utf-8")

    for name in ("gate", "padding", "refusals"):
        _, _, rest = text.partition(f"<!-- {name} begin -->")
        made, end, _ = rest.partition(f"<!-- {name} end -->")
        assert end, name
        assert made.count("\n|") > 3, name  # a head, a rule and more than one line
