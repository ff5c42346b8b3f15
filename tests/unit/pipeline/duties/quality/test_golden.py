"""Golden items come from a file of the operator's, and some are never there."""

from pathlib import Path

import pytest

from pipeline.duties.quality.errors import GoldenError
from pipeline.duties.quality.golden import answers, read


def test_words_and_what_they_are(tmp_path: Path) -> None:
    """The same words are the same item, wherever they stand."""
    path = tmp_path / "golden.yaml"
    assert read(path) == ()
    path.write_text("- {words: a harbour, says: OK}\n- {words: placeholder, says: VIO.GORE}\n")
    first, second = read(path)
    path.write_text("- {words: placeholder, says: VIO.GORE}\n")

    assert read(path) == [second]
    assert answers([first, second]) == {first.id: "OK", second.id: "VIO.GORE"}
    assert "harbour" not in repr(first)


@pytest.mark.parametrize(
    "text",
    [
        "- {words: placeholder, says: CSE.TEXT}",
        "- {words: placeholder, says: NONE}",
        "- {words: '', says: OK}",
        "- {picture: a.png, says: OK}",
        "- just words",
        "words: a",
        "3",
        "[",
        "",
    ],
)
def test_what_no_file_may_say(tmp_path: Path, text: str) -> None:
    """No picture, nothing of the worst, nothing but words and codes."""
    path = tmp_path / "golden.yaml"
    path.write_text(text)
    with pytest.raises(GoldenError):
        read(path)
