"""The page of the image gate is held against those who make its tables."""

from pathlib import Path

from tests.bench.coats import COATS

PAGE = Path(__file__).parents[2] / "docs" / "image-gate.md"


def test_every_disguise_has_its_row() -> None:
    """One that is tried and not told of would be one that is not found."""
    _, _, rest = PAGE.read_text("utf-8").partition("<!-- disguises begin -->")
    made, end, _ = rest.partition("<!-- disguises end -->")

    assert end
    assert all(f"\n| {coat} | " in made for coat in COATS)


def test_false_matches_are_told_beside_them() -> None:
    """Recall alone is easily bought."""
    assert "taken for another subject" in PAGE.read_text("utf-8")
