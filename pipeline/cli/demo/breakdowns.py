"""Cases of breakdowns: a detector that fails, a client that leaves, a server that is killed."""

from audit.entry import Kind
from pipeline.cli.demo import bodies
from pipeline.cli.demo.case import Case, Check, Played, Right
from pipeline.cli.demo.ledger import Step
from pipeline.cli.demo.world import World, gone, until

_DETECTOR = "nsfw_mobilenet_v2"
_GENERATIONS = "/v1/generations"
_KEY = "demo-killed"


async def _fails(world: World) -> Played:
    await world.arm("slow:2")
    asked = world.ask(bodies.v45("waterfall, forest", seed=41), _GENERATIONS)
    task = await world.meanwhile(asked)
    world.switch(_DETECTOR).touch()
    answer = await task
    causes = [step.public.get("cause") for step in world.ledger.trail(answer.submission)]
    return Played(answer, (Check("held for what we could not do", "incapacity" in causes),))


async def _stays_down(world: World) -> Played:
    return Played(await world.ask(bodies.v45("desert, dunes", seed=42)))


async def _recovers(world: World) -> Played:
    held = _newest(world, Kind.HELD)
    world.switch(_DETECTOR).unlink(missing_ok=True)

    async def released() -> bool:
        return (await world.state(held.submission)).code == "released"

    await until(released)
    rulings = [step for step in world.ledger.steps() if step.kind is Kind.RULING]
    answer = await world.state(held.submission)
    return Played(answer, (Check("by machine: nobody ruled on it", not rulings),))


async def _leaves(world: World) -> Played:
    start = len(world.ledger.steps())
    await world.arm("slow:1")
    await gone(await world.meanwhile(world.ask(bodies.v45("bridge, river, fog", seed=43))))
    here = _newest(world, Kind.ADMIT, start)

    async def finished() -> bool:
        return any(step.kind is Kind.RELEASE for step in world.ledger.trail(here.submission))

    early = await finished()
    await until(finished)
    answer = await world.state(here.submission)
    return Played(answer, (Check("its client was gone before the picture came", not early),))


async def _killed(world: World) -> Played:
    start, body = len(world.ledger.steps()), bodies.v45("castle, hill, snow", seed=44)
    await world.arm("slow:3")
    asking = await world.meanwhile(world.ask(body, _GENERATIONS, Idempotency_Key=_KEY))
    await world.crash()
    await gone(asking)
    lost = _newest(world, Kind.ADMIT, start).submission
    again = await world.ask(body, _GENERATIONS, Idempotency_Key=_KEY)
    keyless = await world.ask(body, _GENERATIONS)
    return Played(
        again,
        (
            Check("asked again with its key, it is the same request", again.submission == lost),
            Check("asked again without a key, too", keyless.submission == lost),
        ),
    )


async def _goes_on(world: World) -> Played:
    return Played(await world.ask(bodies.v45("village, windows, night", seed=45)))


def _newest(world: World, kind: Kind, start: int = 0) -> Step:
    """Return the newest entry of a kind.

    Raises:
        LookupError: there is none.
    """
    return [step for step in world.ledger.steps(start) if step.kind is kind][-1]


CASES = (
    Case(
        "client-leaves",
        "The client leaves while NovelAI draws",
        "The picture is paid for, so it is finished, examined, recorded and kept under its id.",
        Right("released", "release", 1, "OK", 1),
        _leaves,
    ),
    Case(
        "detector-fails",
        "A detector fails after the payment",
        "A picture that nobody could look at waits. It is neither lost nor released.",
        Right("HELD", "examine", 1),
        _fails,
    ),
    Case(
        "detector-down",
        "The next request, while it is down",
        "Nothing is paid for only to be held: try again later.",
        Right("TEMPORARILY_UNAVAILABLE", "screen", 0, "detector_sick"),
        _stays_down,
    ),
    Case(
        "detector-well",
        "The detector is well again",
        "The picture that waited is looked at by machine, and released under its id.",
        Right("released", "release", 0, "OK", 1),
        _recovers,
    ),
    Case(
        "killed",
        "The gateway is killed in mid-request",
        "After its restart the request is closed as unknown, and never paid for twice.",
        Right("UPSTREAM_REFUSED", "generate", 1, "unknown_outcome"),
        _killed,
    ),
    Case(
        "restarted",
        "A village, after the restart",
        "The gateway that came back serves as before, with the same key and the same log.",
        Right("released", "release", 1, "OK", 1),
        _goes_on,
    ),
)
