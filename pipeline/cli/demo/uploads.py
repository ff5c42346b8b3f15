"""Cases of uploaded pictures: unknown ones, and copies of listed ones. All are drawn landscapes."""

from pipeline.cli.demo import bodies, drawings
from pipeline.cli.demo.case import Case, Check, Played, Right
from pipeline.cli.demo.world import World

_PROMPT = "hills, watercolour"


async def _unlisted(world: World) -> Played:
    picture = drawings.landscape(3)
    return Played(await world.ask(bodies.image_to_image(_PROMPT, picture, seed=21)))


async def _near(world: World) -> Played:
    picture = drawings.resaved_and_flipped(world.near.picture)
    return Played(await world.ask(bodies.image_to_image(_PROMPT, picture, seed=22)))


async def _exact(world: World) -> Played:
    before = world.quarantined()
    answer = await world.ask(bodies.image_to_image(_PROMPT, world.exact.picture, seed=23))
    sealed = await world.seizes_more_than(before)
    return Played(answer, (Check("sealed for the child-safety team alone", sealed),))


CASES = (
    Case(
        "upload",
        "An uploaded picture, on no list",
        "An upload is hashed and looked at before NovelAI sees it; this one goes on.",
        Right("released", "release", 1, "OK", 1),
        _unlisted,
    ),
    Case(
        "near-copy",
        "A listed picture, flipped and saved anew",
        "It looks like a listed one, which is a question to a person.",
        Right("HELD", "screen", 0, "CRIME.OTHER"),
        _near,
    ),
    Case(
        "exact-copy",
        "A listed picture, byte for byte",
        "A known picture is blocked, and sealed so that this gateway cannot open it again.",
        Right("CONTENT_NOT_ALLOWED", "screen", 0, "CSE.KNOWN"),
        _exact,
    ),
)
