from datetime import UTC, datetime, timedelta
from uuid import UUID

from audit.entry import Kind
from pipeline.cli.demo.ledger import Step
from pipeline.cli.demo.timeline import spans

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def step(kind: Kind, after: float, **public: object) -> Step:
    return Step(0, UUID(int=1), kind, NOON + timedelta(seconds=after), public, b"")


def told(*steps: Step) -> list[tuple[str, float]]:
    return [(span.name, round(span.seconds, 6)) for span in spans(steps)]


def test_each_stage_has_its_own_time() -> None:
    """From the arrival to the release, without a gap."""
    admit = step(Kind.ADMIT, 1, received_at=NOON.isoformat())
    way = (admit, step(Kind.GENERATED, 3), step(Kind.EXAMINED, 4), step(Kind.RELEASE, 4.5))

    assert told(*way) == [("screen", 1), ("generate", 2), ("examine", 1), ("release", 0.5)]


def test_two_pictures_are_one_examination() -> None:
    """They are looked at side by side."""
    admit = step(Kind.ADMIT, 0, received_at=NOON.isoformat())
    seen = (step(Kind.EXAMINED, 1), step(Kind.EXAMINED, 1.5))

    assert told(admit, *seen) == [("screen", 0), ("examine", 1.5)]


def test_a_refusal_took_as_long_as_it_says() -> None:
    """There is no admission to count from."""
    assert told(step(Kind.HALTED, 0, stage="screen", duration_us=40_000)) == [("screen", 0.04)]


def test_waiting_for_a_machine_is_shown_apart() -> None:
    """Nobody looked during that time."""
    held = step(Kind.HELD, 0, stage="examine")
    again = step(Kind.EXAMINED, 9, duration_us=1_000_000)

    assert told(held, again) == [("examine", 0), ("wait", 8), ("examine", 1)]


def test_fetching_a_picture_later_is_no_part_of_the_way() -> None:
    """It can be fetched again for a day."""
    assert told(step(Kind.RELEASE, 0), step(Kind.ACCESS, 60)) == [("release", 0)]


def test_nothing_on_record_is_no_time() -> None:
    """A case that broke off has no bar."""
    assert told() == []
