"""What a refusal tells by its time: every classifier looks, whatever another has found."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

import policies
from classifiers.classifier import Classifier
from classifiers.content import Grammar, Prompt, Text
from classifiers.normalise import Reading
from classifiers.readers import embedded_readers
from classifiers.signals import Field, Finding
from pipeline.judge import Judge
from pipeline.novelai.uploaded import texts_in
from pipeline.workers import Workers
from policies.decision import Action
from policies.facts import Facts, Moment, Rating
from tests.unit.pipeline.lookers import GRAVE, HATE, SELF_HARM, Reader, Scores
from tests.unit.pipeline.world import policy_set

POLICY = policies.compose([policy_set("floor"), policy_set("default")])
ANYBODY = Facts(tier_adult=False, age_claim=False)
REFUSED = {
    "nothing": ("1girl, lighthouse, sea",),
    "a listed term": ("1girl, nude, sea",),
    "the model": ("two adult lovers moaning in pleasure, hands on each other's bare bodies",),
    "two fields": ("1girl, child, sea", "rating:explicit"),
    "a language": ("en mand går en tur i skoven med sin hund og en gammel ven fra byen",),
    "noise": ("xqvz wrtp lkjh mnbv qwzx plkm zzxq vbnt rrtk wqpx",),
}
"""Texts, each but the first refused by another part of the gate."""


def prompt(*texts: str) -> Prompt:
    return Prompt(tuple(Text(f"field[{at}]", text) for at, text in enumerate(texts)), Grammar.V4)


def allows(findings: Sequence[Finding]) -> bool:
    """Whether the policy allows it, capabilities aside."""
    facts = replace(ANYBODY, places=frozenset({Field("*")}))
    answerable = POLICY.required(Rating.MATURE)
    return POLICY.decide(Moment.REQUEST, findings, facts, answerable).allows


@dataclass
class Counted:
    """A classifier that remembers how often it was asked."""

    classifier: Classifier[Reading]
    times: int = field(default=0)

    def __post_init__(self) -> None:
        self.id, self.emits = self.classifier.id, self.classifier.emits
        self.answers = self.classifier.answers

    def warm(self) -> None:
        """Warm what it stands for."""
        self.classifier.warm()

    def classify(self, content: Reading, /) -> Sequence[Finding]:
        """Count, and ask."""
        self.times += 1
        return self.classifier.classify(content)


@pytest.fixture(scope="module")
def readers() -> list[Classifier[Reading]]:
    """The classifiers of texts that ship."""
    return embedded_readers()


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    made = Workers(2, 30.0)
    yield made
    made.close()


@pytest.mark.parametrize("what", REFUSED)
async def test_every_classifier_that_ships_looks_at_what_is_refused(
    what: str, readers: list[Classifier[Reading]], workers: Workers
) -> None:
    """Whoever asks again and again could else tell by the clock which of them refused."""
    counted = [Counted(one) for one in readers]
    judge = Judge(counted, [], workers, texts_in)
    contents = await judge.prepare(prompt(*REFUSED[what]), ())

    judged = await judge.judge(contents, POLICY, Moment.REQUEST, ANYBODY)

    assert allows(judged.findings) is (what == "nothing")
    assert [one.times for one in counted] == [1] * len(readers)
    asked = {(name, one.id) for one in readers for name in one.emits}
    assert {(each.name, each.source) for each in judged.findings} == asked


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("scores", [GRAVE, SELF_HARM, HATE], ids=["grave", "blocked", "held"])
async def test_nobody_stops_looking_after_somebody_who_found(
    at: int, scores: Scores, workers: Workers
) -> None:
    """Whatever was found, and whoever of them found it."""
    counted = [
        Counted(Reader({"word": scores} if place == at else {}, id=f"reader{place}@1"))
        for place in range(3)
    ]
    judge = Judge(counted, [], workers, texts_in)
    contents = await judge.prepare(prompt("a word"), ())

    judged = await judge.judge(contents, POLICY, Moment.REQUEST, ANYBODY)

    assert judged.decision.action is not Action.ALLOW
    assert [one.times for one in counted] == [1, 1, 1]
