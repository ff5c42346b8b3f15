"""The questions of a profile: each is asked once, and each answer is read as it is meant."""

import pytest

from pipeline.cli import onboarding
from pipeline.settings.reporting import Route
from pipeline.store.profile import NO_PROFILE, Profile
from tests.unit.pipeline.world import PROFILE


def asked(profile: Profile) -> list[str]:
    said = profile.model_dump(mode="json")
    return [name for name in onboarding.QUESTIONS if onboarding.is_open(name, said)]


def test_there_is_a_question_for_every_answer() -> None:
    """Else a profile could never be complete."""
    assert [*onboarding.QUESTIONS] == [*Profile.model_fields]
    assert asked(NO_PROFILE) == [*NO_PROFILE.missing]
    assert asked(PROFILE) == []


def test_why_nothing_is_reported_is_asked_of_whom_that_is_said() -> None:
    """Of nobody else."""
    nowhere = PROFILE.model_copy(update={"reporting": "none"})

    assert asked(nowhere) == ["reporting_reason"] == [*nowhere.missing]


@pytest.mark.parametrize(
    ("name", "text", "answer"),
    [
        ("territories", "DE, FR", ["DE", "FR"]),
        ("lists", "none", []),
        ("lists", "ncmec, iwf", ["ncmec", "iwf"]),
        ("languages", "en,", ["en"]),
        ("reviews_a_day", " 200 ", 200),
        ("reviews_a_day", "many", "many"),
        ("role", "hosting", "hosting"),
    ],
)
def test_answers_are_read_as_people_write_them(name: str, text: str, answer: object) -> None:
    """What does not fit is left to whoever checks it."""
    assert onboarding.read(name, text) == answer


def test_routes_of_reports_are_those_of_the_settings() -> None:
    """One word for one thing."""
    for route in Route:
        assert Profile(reporting=route.value).reporting == route
