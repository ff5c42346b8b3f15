"""Cases of trouble upstream: what NovelAI can answer instead of a picture."""

from collections.abc import Awaitable, Callable

from pipeline.cli.demo import bodies
from pipeline.cli.demo.case import Case, Check, Played, Right
from pipeline.cli.demo.world import World


def _met(fault: str, seed: int) -> Callable[[World], Awaitable[Played]]:
    async def play(world: World) -> Played:
        await world.arm(fault)
        return Played(await world.ask(bodies.v45("windmill, field", seed=seed)))

    return play


async def _busy(world: World) -> Played:
    before = await world.calls("count")
    played = await _met("429", 31)(world)
    asked = await world.calls("count") - before
    return Played(played.answer, (Check("asked once more", asked > 1),))


CASES = (
    Case(
        "upstream-429",
        "NovelAI is busy (429)",
        "It is certain that nothing was generated, so the request is sent once more.",
        Right("released", "release", 1, "OK", 1),
        _busy,
    ),
    Case(
        "upstream-402",
        "NovelAI's account is empty (402)",
        "No picture and no second try; the caller is told that it is not their fault.",
        Right("UPSTREAM_REFUSED", "generate", 0, "upstream_402"),
        _met("402", 32),
    ),
    Case(
        "truncated-zip",
        "NovelAI's archive is cut short",
        "It may be paid for, so it is never sent again, and half a picture is no picture.",
        Right("UPSTREAM_REFUSED", "generate", 1, "upstream_malformed"),
        _met("truncated-zip", 33),
    ),
)
