"""The table by SDK is what the last run of `make compat` found, and hides nothing."""

from tests.compat import page
from tests.compat.environments import SDKS
from tests.compat.features import FEATURES, NOT_OFFERED, WORKS, wrong


def test_the_page_shows_what_the_run_found() -> None:
    """A table that somebody wrote by hand would say what they hoped."""
    assert page.shown() == page.table(page.read()), "run make compat, and look at what changed"


def test_every_feature_of_every_sdk_was_tried_on_both_sides() -> None:
    """What the gateway refuses and the sandbox does not is the gateway's own."""
    results = page.read()
    assert {*results} == {"sandbox", "gateway"}
    for side in results.values():
        assert {*side} == {*SDKS}
        for sdk, became in side.items():
            for each in FEATURES:
                assert (became[each.name] == NOT_OFFERED) == (sdk not in each.sdks)


def test_what_is_refused_is_expected() -> None:
    """The run fails for anything else; so does this, if the code changed and the page did not."""
    results = page.read()
    told = [
        (side, sdk, feature, wrong(side, sdk, feature, outcome))
        for side, of in results.items()
        for sdk, became in of.items()
        for feature, outcome in became.items()
    ]
    assert [each for each in told if each[3]] == []
    assert sum(outcome == WORKS for outcome in results["gateway"]["novelai-sdk"].values()) > 8
