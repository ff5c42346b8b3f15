"""What judges without a server judges as the server does, and fails as closed."""

import os
from pathlib import Path

import pytest

from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.normalise import Reading
from classifiers.signals import Field, SignalName
from pipeline.app import open_house
from pipeline.cli.policy_sets import stacked
from pipeline.cli.screening.screener import Screener, Terms, screener
from pipeline.settings import first_start, load
from policies.decision import Action
from policies.facts import Facts, Moment
from tests.unit.pipeline.lookers import CANARY, Mood, Moody, Reader

ENV = {"IMPRIMATUR_DEVELOPMENT": "true", "IMPRIMATUR_NOVELAI_TOKENS": "pst-" + "c" * 64}
ANYBODY = Facts(tier_adult=False, age_claim=False, places=frozenset({Field("*")}))
PROMPTS = (
    Prompt((Text("input", "a lighthouse at dawn"),), Grammar.V4),
    Prompt((Text("input", "a statue, n u d e"),), Grammar.V4),
    Prompt((Text("input", "sky"), Text("uc", "-1::nude::", Polarity.NEGATIVE)), Grammar.V4),
    Prompt((Text("input", "\u0e1b\u0e23\u0e30\u0e20\u0e32\u0e04\u0e32\u0e23"),), Grammar.V4),
)


def moody(mood: Mood) -> Screener:
    reader: Moody[Reading] = Moody(Reader(), mood)
    return Screener([reader], stacked([]), ANYBODY)


async def test_it_sees_what_the_gateway_sees_and_decides_alike(tmp_path: Path) -> None:
    """Else what is measured here would say nothing of what is served."""
    first_start(tmp_path / "data", os.urandom)
    async with open_house(load(tmp_path / "data", ENV)) as house:
        judge = house.gate.judge
        policy = await house.gate.tenancy.policy_of("default")
        here = screener(Terms((), tier_adult=False, age_claim=False))
        assert here.policy_digest == policy.digest
        assert here.sources == judge.sources()[: len(here.sources)]
        for prompt in PROMPTS:
            contents = await judge.prepare(prompt, [])
            judged = await judge.judge(contents, policy, Moment.REQUEST, ANYBODY)
            screened = here.screen(prompt)
            capable = [each for each in judged.decision.verdicts if each.rule != "required"]
            assert screened.findings == judged.findings
            assert list(screened.decision.verdicts) == capable


@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.FORGETS, Mood.ADDS, Mood.SILENT, Mood.POISONED])
def test_what_nobody_could_look_at_is_unavailable_and_stopped(mood: Mood) -> None:
    """Not knowing is never a zero."""
    screened = moody(mood).screen(PROMPTS[0])

    assert not screened.decision.allows
    assert screened.signals == {}
    assert SignalName.TEXT_MINOR_TERM in screened.unavailable


def test_a_fault_repeats_nothing_of_what_was_read(capsys: pytest.CaptureFixture[str]) -> None:
    """A classifier's message may quote the text that broke it."""
    moody(Mood.FAILS).screen(PROMPTS[0])

    told = capsys.readouterr()
    assert CANARY not in told.out + told.err


def test_the_deciding_code_comes_first_and_ok_is_none() -> None:
    """Most readers look at one."""
    readers = [Reader({"grim": {SignalName.TEXT_GORE: 1.0, SignalName.TEXT_SELF_HARM: 1.0}})]
    judging = Screener(readers, stacked([]), ANYBODY)

    grim = judging.screen(Prompt((Text("input", "a grim tale"),), Grammar.V4))
    plain = judging.screen(PROMPTS[0])

    assert (grim.decision.action, grim.codes) == (Action.BLOCK, ("SELF.HARM", "VIO.GORE"))
    assert (plain.decision.action, plain.codes) == (Action.ALLOW, ())
