"""A desk with the pages of blind checks and of figures, of which everything is drawn."""

from collections.abc import Sequence

from fastapi import APIRouter

from pipeline.console import check_pages, figures
from pipeline.console.checks import Checks
from pipeline.console.figures import Dashboards
from pipeline.console.frame import Frame
from pipeline.duties.quality.drawing import Drawing
from pipeline.duties.quality.golden import Golden, answers
from pipeline.store.samples import Sample
from tests.unit.pipeline.console.desks import Desk
from tests.unit.pipeline.lookers import WHITE

LINKS = (check_pages.LINK, figures.LINK)


def check_routes(
    desk: Desk, frame: Frame, items: Sequence[Golden] = ()
) -> tuple[Checks, list[APIRouter]]:
    """The routes of all pages about quality, and what those of checks do."""
    house = desk.house
    checks = Checks(
        house.store, house.log, house.vault, desk.uncovered, house.record, items, house.clock
    )
    dashboards = Dashboards(house.store, answers(items), house.clock)
    return checks, [check_pages.routes(frame, checks), figures.routes(frame, dashboards)]


def serve_checks(desk: Desk, items: Sequence[Golden] = ()) -> Checks:
    """Serve the pages; return what they do."""
    frame = Frame(desk.frame.sessions, LINKS)
    checks, pages = check_routes(desk, frame, items)
    desk.serve(frame, *pages)
    return checks


async def draw(desk: Desk) -> Sequence[Sample]:
    """Draw everything, and return what waits for nobody in particular."""
    house = desk.house
    own = Drawing(house.store, house.log, b"k" * 32, 1.0, house.tenancy.policy_of, house.clock)
    await own.follow()
    return await house.store.samples.waiting(frozenset(), "nobody", house.clock())


async def let_go(desk: Desk, prompt: str = "a quay, secretword", **more: object) -> Sample:
    """A picture that machines let go, drawn."""
    desk.house.upstream.colours = [WHITE]
    before = {each.id for each in await draw(desk)}
    await desk.house.end(prompt, **more)
    return next(each for each in await draw(desk) if each.id not in before)
