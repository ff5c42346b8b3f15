"""The fuzz target of pictures: it runs, and what it holds to is known to fail when it should."""

import random

import pytest

from classifiers import canonical
from classifiers.errors import Unreadable
from tests.fuzz.files import FILES, changed, mended
from tests.fuzz.pictures import BrokenPromiseError, batch, check

REFUSED = {
    "65,535 wide": Unreadable.TOO_LARGE,
    "65,535 each way": Unreadable.TOO_LARGE,
    "no pixels": Unreadable.NOT_A_PICTURE,
    "profile bomb": Unreadable.NOT_A_PICTURE,
    "text bomb": Unreadable.TOO_LARGE,
    "animated PNG": Unreadable.ANIMATED,
    "animated WebP": Unreadable.ANIMATED,
    "animation of no frames": Unreadable.ANIMATED,
    "animation behind a PNG": Unreadable.ANIMATED,
    "65,535 wide behind a PNG": Unreadable.TOO_LARGE,
    "nine beginnings behind a PNG": Unreadable.TOO_LARGE,
    "countless segments": Unreadable.TOO_LARGE,
    "GIF": Unreadable.UNSUPPORTED_FORMAT,
    "PNG behind a GIF": Unreadable.UNSUPPORTED_FORMAT,
    "nothing": Unreadable.NOT_A_PICTURE,
    "magic alone": Unreadable.TRUNCATED,
}


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_read_or_refused_for_its_reason(name: str) -> None:
    """A bomb is refused by what it says, before anything inflates it."""
    assert check(FILES[name], name).answer == str(REFUSED.get(name, "read"))


def test_some_files_of_chance_are_read_or_refused() -> None:
    """A few each time; `python -m tests.fuzz.pictures` tries ten thousand."""
    seen, _ = batch(seed=7, numbers=range(120))

    answers = {each.answer for each in seen}
    assert {"read", str(Unreadable.NOT_A_PICTURE), str(Unreadable.TRUNCATED)} <= answers


def test_the_same_numbers_make_the_same_files() -> None:
    """A file that broke a promise must be found again."""
    first, again = (changed(FILES["WebP"], random.Random("1/2")) for _ in range(2))  # noqa: S311

    assert first == again != FILES["WebP"]


def test_check_sums_are_mended() -> None:
    """Or next to no changed PNG would ever be looked into."""
    whole = FILES["PNG"]
    wrong = whole[:20] + bytes([whole[20] ^ 1]) + whole[21:29] + b"\0\0\0\0" + whole[33:]

    assert mended(whole) == whole
    assert mended(wrong) != wrong


def test_another_error_is_a_broken_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that lets everything pass would find nothing."""

    def broken(_: object) -> None:
        raise KeyError

    monkeypatch.setattr(canonical, "take_apart", broken)
    with pytest.raises(BrokenPromiseError, match="JPEG"):
        check(FILES["JPEG"], "JPEG")
