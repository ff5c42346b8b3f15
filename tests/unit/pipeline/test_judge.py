"""The judge: whatever goes wrong with a classifier is `Unavailable`, and makes it sick."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from threading import Event, get_ident

import pytest
from PIL import Image as Drawn
from PIL.PngImagePlugin import PngInfo
from typing_extensions import override

import policies
from classifiers import canonical
from classifiers.canonical import Canonical
from classifiers.content import Grammar, Image, Polarity, Prompt, Purpose, Text
from classifiers.errors import ModelError, UnreadableError
from classifiers.normalise import Reading
from classifiers.signals import Field, Finding, Picture, Reason, Signal, SignalName, Unavailable
from pipeline.items import NO_TEXTS, Contents, Judged
from pipeline.judge import Judge
from pipeline.novelai.uploaded import texts_in
from pipeline.workers import Workers
from policies.decision import Action
from policies.labels import HarmCode
from policies.policy import Facts, Moment
from tests.unit.pipeline.lookers import CANARY, WHITE, Mood, Moody, Reader, Viewer
from tests.unit.pipeline.world import COLOURS, HELD, WORDS, png, policy_set

POLICY = policies.compose([policy_set("floor"), policy_set("default")])
ANYBODY = Facts(tier_adult=False, age_claim=False)
OUTPUT = Image("output", 0, Purpose.OUTPUT, png(WHITE))
DEADLINE_SECONDS = 0.5
WRONG = [Mood.FAILS, Mood.FORGETS, Mood.ADDS, Mood.SILENT, Mood.RAMBLES]
"""What a classifier does that is broken, on any content."""


class Bench:
    """A judge with one moody classifier of each kind."""

    def __init__(self, workers: int = 3, longest_wait_seconds: float = 60.0) -> None:
        self.reader = Moody[Reading](Reader(WORDS))
        self.viewer = Moody[Canonical](Viewer(COLOURS))
        self.workers = Workers(workers, DEADLINE_SECONDS, longest_wait_seconds)
        self.judge = Judge([self.reader], [self.viewer], self.workers, texts_in)

    async def look(
        self, text: str = "a harbour", *images: Image, moment: Moment = Moment.REQUEST
    ) -> Judged:
        """Judge a prompt and pictures."""
        prompt = Prompt((Text("input", text, Polarity.POSITIVE),), Grammar.V4)
        contents = await self.judge.prepare(prompt, images)
        return await self.judge.judge(contents, POLICY, moment, ANYBODY)

    def close(self) -> None:
        """Let hanging classifiers go, and stop."""
        self.reader.let_go.set()
        self.viewer.let_go.set()
        self.judge.close()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    opened = Bench()
    yield opened
    opened.close()


def picture(colour: tuple[int, int, int] = WHITE, index: int = 0) -> Image:
    return Image("parameters.image", index, Purpose.SOURCE, png(colour))


def unavailable(judged: Judged, where: Field | Picture) -> dict[SignalName, Reason]:
    return {
        finding.name: finding.reason
        for finding in judged.findings
        if isinstance(finding, Unavailable) and finding.where == where
    }


async def test_well_classifiers_say_what_the_policy_needs(bench: Bench) -> None:
    """The tests below would prove nothing if nothing were ever allowed."""
    judged = await bench.look("a harbour", picture())

    assert judged.decision.allows
    assert not bench.judge.faults()


async def test_a_picture_without_words_is_not_read_once_more(bench: Bench) -> None:
    """Its request's words were looked at; they count without being repeated in every entry."""
    asked = await bench.look()
    wordless = await bench.judge.prepare(Prompt((), Grammar.V4), [OUTPUT])
    bench.reader.mood = Mood.FAILS

    judged = await bench.judge.judge(wordless, POLICY, Moment.OUTPUT, ANYBODY, asked.findings)

    assert judged.decision.allows
    texts = [each for each in judged.findings if isinstance(each.where, Field)]
    assert texts == [*asked.findings]


async def test_a_picture_alone_is_asked_for_its_words(bench: Bench) -> None:
    """Without a request before it, that there is nothing to read has to be seen."""
    wordless = await bench.judge.prepare(Prompt((), Grammar.V4), [OUTPUT])
    bench.reader.mood = Mood.FAILS

    judged = await bench.judge.judge(wordless, POLICY, Moment.OUTPUT, ANYBODY)

    expected = dict.fromkeys(bench.reader.emits, Reason.FAILED)
    assert unavailable(judged, Field("*")) == expected
    assert not judged.decision.allows


class TestAFailure:
    @pytest.mark.parametrize("mood", WRONG)
    async def test_is_unavailable_for_each_name_of_a_text_classifier(
        self, bench: Bench, mood: Mood
    ) -> None:
        """Half a report is no report: what it did say cannot be trusted either."""
        bench.reader.mood = mood

        judged = await bench.look()

        expected = dict.fromkeys(bench.reader.emits, Reason.FAILED)
        assert unavailable(judged, Field("*")) == expected
        assert len(judged.findings) == len(expected)

    @pytest.mark.parametrize("mood", WRONG)
    async def test_is_unavailable_for_each_picture_and_name(self, bench: Bench, mood: Mood) -> None:
        """A picture that nobody looked at is not harmless."""
        bench.viewer.mood = mood

        judged = await bench.look("a harbour", picture(index=0), picture(index=1))

        for index in (0, 1):
            told = unavailable(judged, Picture("parameters.image", index))
            assert told == dict.fromkeys(bench.viewer.emits, Reason.FAILED)

    @pytest.mark.parametrize("mood", [*WRONG, Mood.POISONED, Mood.HANGS])
    async def test_never_allows(self, bench: Bench, mood: Mood) -> None:
        """Whatever a classifier does wrong, the request stops, as nobody could look."""
        bench.reader.mood = mood

        decision = (await bench.look()).decision

        assert not decision.allows
        assert decision.incapable

    @pytest.mark.parametrize("mood", [*WRONG, Mood.POISONED, Mood.HANGS])
    async def test_of_one_that_looks_at_outputs_never_allows(
        self, bench: Bench, mood: Mood
    ) -> None:
        """Nor does a picture leave."""
        bench.viewer.mood = mood
        output = Image("output", 0, Purpose.OUTPUT, png(WHITE))

        assert not (await bench.look("", output, moment=Moment.OUTPUT)).decision.allows

    @pytest.mark.parametrize("mood", WRONG)
    async def test_makes_a_classifier_sick(self, bench: Bench, mood: Mood) -> None:
        """Who failed is asked nothing that is paid for before it works again."""
        bench.viewer.mood = mood

        await bench.look("a harbour", picture())

        assert list(bench.judge.faults()) == ["viewer@1"]
        assert not bench.judge.healthy() & bench.viewer.answers
        assert bench.judge.installed() >= bench.viewer.answers

    async def test_on_one_content_stops_that_content_alone(self, bench: Bench) -> None:
        """A request that no model can look at must not be a way to stop everybody's."""
        bench.reader.mood = bench.viewer.mood = Mood.POISONED

        judged = await bench.look("a harbour", picture())

        assert not judged.decision.allows
        told = unavailable(judged, Picture("parameters.image", 0))
        assert told == dict.fromkeys(bench.viewer.emits, Reason.FAILED)
        assert not bench.judge.faults()
        assert bench.judge.healthy() == bench.judge.installed()

    @pytest.mark.parametrize("mood", [*WRONG, Mood.POISONED, Mood.HANGS])
    async def test_is_told_without_its_message(self, bench: Bench, mood: Mood) -> None:
        """A message may hold content: its kind is enough for an operator."""
        bench.reader.mood = mood

        judged = await bench.look(f"a harbour {CANARY}")

        assert CANARY not in repr(judged)
        assert CANARY not in repr(bench.judge.faults())

    async def test_hides_nothing_that_another_saw(self, bench: Bench) -> None:
        """A sick viewer must not save a text that a reader blocks."""
        bench.viewer.mood = Mood.FAILS

        decision = (await bench.look("blockme", picture())).decision

        assert (decision.action, decision.code) == (Action.BLOCK, HarmCode.SELF_HARM)


class TestOneThatHangs:
    async def test_is_unavailable_at_its_deadline(self, bench: Bench) -> None:
        """A request never waits for ever."""
        bench.reader.mood = Mood.HANGS

        judged = await asyncio.wait_for(bench.look(), 5)

        told = unavailable(judged, Field("*"))
        assert told == dict.fromkeys(bench.reader.emits, Reason.TIMED_OUT)
        assert bench.judge.faults() == {"reader@1": "timed out"}

    async def test_has_looked_for_nobody_knows_how_long(self, bench: Bench) -> None:
        """Each classifier's time is written down; that of one that never answered is no number."""
        well = await bench.look("a harbour", picture())
        bench.viewer.mood = Mood.HANGS

        late = await asyncio.wait_for(bench.look("a harbour", picture()), 5)

        assert [who for who, _ in well.took] == ["reader@1", "viewer@1"]
        assert [who for who, _ in late.took] == ["reader@1"]

    async def test_stays_sick_when_it_comes_back_late(self, bench: Bench) -> None:
        """Too late is wrong: else each request is paid for, and its pictures held."""
        bench.viewer.mood = Mood.HANGS
        await bench.look("a harbour", picture())

        bench.viewer.let_go.set()
        await bench.judge.run(lambda: None)
        await asyncio.sleep(0.05)

        assert bench.judge.faults() == {"viewer@1": "timed out"}

    async def test_keeps_no_other_from_looking(self, bench: Bench) -> None:
        """There is a thread left for those who are well."""
        bench.reader.mood = Mood.HANGS
        await bench.look()
        bench.reader.mood = Mood.WELL

        assert (await asyncio.wait_for(bench.look(), 5)).decision.allows

    async def test_while_warming_stays_sick_and_keeps_none_from_recovering(
        self, bench: Bench
    ) -> None:
        """Upkeep goes on: holds still expire, and the other classifiers still recover."""
        bench.reader.mood, bench.viewer.mood = Mood.HANGS, Mood.FAILS
        await bench.look("a harbour", picture())
        bench.viewer.mood = Mood.WELL

        await asyncio.wait_for(bench.judge.recover(), 5)

        assert list(bench.judge.faults()) == ["reader@1"]

    async def test_in_every_thread_is_not_waited_for(self) -> None:
        """Not even a request that finds no thread free waits for ever; upkeep goes on too."""
        bench = Bench(workers=1, longest_wait_seconds=1)
        bench.reader.mood = Mood.HANGS
        contents = await bench.judge.prepare(Prompt((), Grammar.V4), [])
        await bench.judge.judge(contents, POLICY, Moment.REQUEST, ANYBODY)

        again = await bench.judge.judge(contents, POLICY, Moment.REQUEST, ANYBODY)
        await bench.judge.recover()
        bench.close()

        assert not again.decision.allows
        assert bench.judge.faults() == {"reader@1": "timed out"}


class TestReadingAndLookingInOneGo:
    """As the stage Examine does: what was just read is looked at while it is at hand."""

    @staticmethod
    def reading(image: Image = OUTPUT) -> tuple[Contents, str]:
        return Contents(NO_TEXTS, (canonical.read(image),)), "more"

    async def test_sees_what_looking_after_reading_sees(self, bench: Bench) -> None:
        """It is the same look, and what else was read comes back."""
        asked = (await bench.look()).findings
        held = Image("output", 0, Purpose.OUTPUT, png(HELD))

        judged, more = await bench.judge.read_and_judge(
            lambda: self.reading(held), POLICY, Moment.OUTPUT, ANYBODY, asked
        )

        contents = self.reading(held)[0]
        apart = await bench.judge.judge(contents, POLICY, Moment.OUTPUT, ANYBODY, asked)
        assert (judged.findings, judged.decision) == (apart.findings, apart.decision)
        assert not judged.decision.allows
        assert more == "more"

    @pytest.mark.parametrize("mood", [*WRONG, Mood.POISONED, Mood.HANGS])
    async def test_allows_nothing_that_somebody_failed_at(self, bench: Bench, mood: Mood) -> None:
        """Whatever goes wrong while a picture is looked at keeps it."""
        asked = (await bench.look()).findings
        bench.viewer.mood = mood

        judged, _ = await bench.judge.read_and_judge(
            self.reading, POLICY, Moment.OUTPUT, ANYBODY, asked
        )

        reason = Reason.TIMED_OUT if mood is Mood.HANGS else Reason.FAILED
        told = unavailable(judged, Picture("output", 0))
        assert told == dict.fromkeys(bench.viewer.emits, reason)
        assert not judged.decision.allows

    async def test_asks_for_words_that_nobody_looked_at(self, bench: Bench) -> None:
        """Without a request before it, that there is nothing to read has to be seen."""
        bench.reader.mood = Mood.FAILS

        judged, _ = await bench.judge.read_and_judge(self.reading, POLICY, Moment.OUTPUT, ANYBODY)

        assert not judged.decision.allows

    async def test_that_cannot_be_read_in_time_is_told(self, bench: Bench) -> None:
        """Nothing was seen, so nothing is decided: the caller holds it."""
        go_on = Event()

        def never() -> tuple[Contents, str]:
            go_on.wait()
            return self.reading()

        with pytest.raises(TimeoutError):
            await bench.judge.read_and_judge(never, POLICY, Moment.OUTPUT, ANYBODY)

        go_on.set()

    async def test_tells_what_is_no_picture(self, bench: Bench) -> None:
        """As preparing does."""
        bad = Image("output", 0, Purpose.OUTPUT, CANARY.encode())

        with pytest.raises(UnreadableError):
            await bench.judge.read_and_judge(
                lambda: self.reading(bad), POLICY, Moment.OUTPUT, ANYBODY
            )

        assert not bench.judge.faults()


class TestRecovery:
    @pytest.mark.parametrize("mood", WRONG)
    async def test_is_by_warming(self, bench: Bench, mood: Mood) -> None:
        """It is tried on its known content, not on somebody's request."""
        bench.viewer.mood = mood
        await bench.look("a harbour", picture())
        await bench.judge.recover()
        assert list(bench.judge.faults()) == ["viewer@1"]

        bench.viewer.mood = Mood.WELL
        await bench.judge.recover()

        assert not bench.judge.faults()
        assert bench.judge.healthy() == bench.judge.installed()

    async def test_asks_none_that_is_well(self, bench: Bench) -> None:
        """Warming costs time that requests need."""
        looks = bench.viewer.looks

        await bench.judge.recover()

        assert bench.viewer.looks == looks
        assert not bench.judge.faults()

    async def test_comes_too_from_a_look_that_works(self, bench: Bench) -> None:
        """Whoever reports everything in time is well."""
        bench.reader.mood = Mood.FAILS
        await bench.look()
        bench.reader.mood = Mood.WELL

        assert (await bench.look()).decision.allows
        assert not bench.judge.faults()


class Where:
    """Tells in which thread it was asked."""

    def __init__(self) -> None:
        self.own = Viewer()
        self.id, self.emits, self.answers = self.own.id, self.own.emits, self.own.answers
        self.threads: set[int] = set()

    def warm(self) -> None:
        """Nothing can be wrong with it."""

    def classify(self, content: Canonical, /) -> Sequence[Finding]:
        """Look, and remember the thread."""
        self.threads.add(get_ident())
        return self.own.classify(content)


async def test_nobody_looks_on_the_event_loop() -> None:
    """A slow model must not stop the server from answering."""
    where = Where()
    judge = Judge([Reader()], [where], Workers(1, 5), texts_in)
    contents = await judge.prepare(Prompt((), Grammar.V4), [picture()])

    await judge.judge(contents, POLICY, Moment.REQUEST, ANYBODY)
    judge.close()

    assert where.threads
    assert get_ident() not in where.threads


async def test_every_place_is_known_to_the_policy() -> None:
    """Without any viewer an upload is not overlooked: nobody answered for it."""
    judge = Judge([Reader()], [], Workers(1, 5), texts_in)
    contents = await judge.prepare(Prompt((), Grammar.V4), [picture()])

    judged = await judge.judge(contents, POLICY, Moment.REQUEST, ANYBODY)
    judge.close()

    assert not judged.decision.allows
    assert judged.decision.missing


async def test_nothing_installed_allows_nothing() -> None:
    """An installation without classifiers serves nobody."""
    judge = Judge([], [], Workers(1, 5), texts_in)
    contents = await judge.prepare(Prompt((), Grammar.V4), [])

    judged = await judge.judge(contents, POLICY, Moment.REQUEST, ANYBODY)
    judge.close()

    assert judged.decision.action is Action.BLOCK


async def test_what_was_found_before_counts(bench: Bench) -> None:
    """Text and pictures are judged together, also where they were seen at different times."""
    before = (await bench.look("blockme")).findings
    contents = await bench.judge.prepare(
        Prompt((), Grammar.V4), [Image("output", 0, Purpose.OUTPUT, png(WHITE))]
    )

    judged = await bench.judge.judge(contents, POLICY, Moment.OUTPUT, ANYBODY, before)

    assert judged.decision.code is HarmCode.SELF_HARM


async def test_each_picture_is_judged(bench: Bench) -> None:
    """The second upload counts like the first."""
    assert not (await bench.look("a", picture(), picture(HELD, 1))).decision.allows


async def test_a_picture_that_is_none_is_the_callers_fault(bench: Bench) -> None:
    """Bad input is told as such, before anything is admitted, and makes nobody sick."""
    bad = Image("parameters.image", 0, Purpose.SOURCE, CANARY.encode())

    with pytest.raises(UnreadableError) as fault:
        await bench.judge.prepare(Prompt((), Grammar.V4), [bad])

    assert CANARY not in str(fault.value)
    assert not bench.judge.faults()


async def test_many_looks_share_few_threads() -> None:
    """More requests than threads wait their turn, and none of them times out for waiting."""
    bench = Bench(workers=1)

    every = await asyncio.gather(*(bench.look("a", picture()) for _ in range(20)))
    bench.close()

    assert all(judged.decision.allows for judged in every)
    assert not bench.judge.faults()


class OnlyShort(Reader):
    """Fails at a text of more than a few words, and is well."""

    @override
    def classify(self, content: Reading, /) -> Sequence[Finding]:
        """Report what is known, or fail."""
        if any(len(each.text.split()) > len("four") for each in content.fields):
            raise ModelError("only_short: expected a few words, got more")
        return super().classify(content)


class TestWhatAnUploadSays:
    """Its texts are evidence: they are never forwarded, so nobody has to be able to read them."""

    @staticmethod
    def saying(text: str) -> Image:
        out, told = io.BytesIO(), PngInfo()
        told.add_itxt("Description", text)
        with Drawn.open(io.BytesIO(png(WHITE))) as plain:
            plain.save(out, "PNG", pnginfo=told)
        return Image("parameters.image", 0, Purpose.SOURCE, out.getvalue())

    async def test_counts_as_if_it_were_asked_for(self, bench: Bench) -> None:
        """A picture that was made from a forbidden prompt shows what that says."""
        plain = await bench.look("a harbour", self.saying("a mole"))
        judged = await bench.look("a harbour", self.saying("blockme"))

        assert plain.decision.action is Action.ALLOW
        assert judged.decision.action is Action.BLOCK

    async def test_need_not_be_readable(self, bench: Bench) -> None:
        """What a camera or a program wrote is often no language at all."""
        bench.reader.own = Reader({**WORDS, "noise": {SignalName.TEXT_READABLE: 0.0}})

        refused = await bench.look("noise")
        judged = await bench.look("a harbour", self.saying("noise"))

        assert refused.decision.action is Action.BLOCK
        assert judged.decision.action is Action.ALLOW

    async def test_is_not_evasion_however_it_is_spelled(self, bench: Bench) -> None:
        """Whoever uploads it did not write it in disguise."""
        judged = await bench.look("a harbour", self.saying("bl0ckme"))

        assert SignalName.TEXT_DISGUISED not in {
            each.name for each in judged.findings if isinstance(each, Signal) and each.score > 0
        }
        assert judged.decision.action is Action.BLOCK

    async def test_that_nobody_could_look_at_stops_the_request(self, bench: Bench) -> None:
        """A reader that fails there has not looked."""
        bench.reader.own = OnlyShort(WORDS)

        judged = await bench.look("a harbour", self.saying("word " * 9))

        assert Reason.FAILED in unavailable(judged, Field("*")).values()
        assert judged.decision.action is not Action.ALLOW


class TestWhatAnUploadHides:
    """A whole picture in its file, such as a thumbnail, is judged like one that was sent."""

    @staticmethod
    def hiding(colour: tuple[int, int, int], purpose: Purpose = Purpose.SOURCE) -> Image:
        return Image("parameters.image", 0, purpose, png(WHITE) + png(colour))

    async def test_is_judged_as_a_picture_of_its_own(self, bench: Bench) -> None:
        """What the picture itself does not show may be shown there."""
        plain = await bench.look("a harbour", self.hiding(WHITE))
        judged = await bench.look("a harbour", self.hiding(HELD))

        place = Picture("parameters.image[0].hidden", 0)
        assert plain.decision.allows
        assert not judged.decision.allows
        assert {each.name for each in judged.findings if each.where == place} == bench.viewer.emits

    async def test_is_judged_in_an_output_too(self, bench: Bench) -> None:
        """Released pictures keep what their files carry."""
        image = Image("output", 0, Purpose.OUTPUT, png(WHITE) + png(HELD))

        judged = await bench.look("a harbour", image, moment=Moment.OUTPUT)

        assert not judged.decision.allows

    async def test_that_nobody_could_look_at_stops_the_request(self, bench: Bench) -> None:
        """Not knowing what it shows is not knowing what was sent."""
        judged = await bench.look("a harbour", self.hiding(HELD))
        bench.viewer.mood = Mood.FAILS
        failed = await bench.look("a harbour", self.hiding(WHITE))

        place = Picture("parameters.image[0].hidden", 0)
        assert unavailable(failed, place) == dict.fromkeys(bench.viewer.emits, Reason.FAILED)
        assert not failed.decision.allows
        assert not judged.decision.allows

    async def test_says_what_was_written_into_it(self, bench: Bench) -> None:
        """A thumbnail's own texts count like the file's."""
        told = TestWhatAnUploadSays.saying("blockme")
        image = Image("parameters.image", 0, Purpose.SOURCE, png(WHITE) + told.data)

        assert (await bench.look("a harbour", image)).decision.action is Action.BLOCK
