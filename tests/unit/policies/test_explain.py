import os
from collections.abc import Callable
from pathlib import Path

import pytest

from classifiers.signals import SignalName
from policies.explain import explain
from policies.facts import Facts, Moment
from policies.policy import Policy
from policies.testing import (
    ADULT,
    ANYBODY,
    EMBEDDED,
    OUTPUT,
    TEXTS,
    failing,
    harmless,
    saying,
)

HERE = Path(__file__).parent / "explanations"
N = SignalName
TEXT = harmless(TEXTS)
PICTURE = (*TEXT, *harmless(OUTPUT))
CASES = {
    "harmless": (Moment.OUTPUT, PICTURE, ANYBODY),
    "explicit_request": (Moment.REQUEST, saying(TEXT, TEXTS, {N.TEXT_SEXUAL_ACT: 0.9}), ADULT),
    "failed_model": (Moment.OUTPUT, failing(PICTURE, N.IMAGE_SEXUAL_ACT), ANYBODY),
}


@pytest.mark.parametrize("case", CASES)
def test_an_explanation_reads_as_written_down(shipped: Callable[..., Policy], case: str) -> None:
    """It is what a reviewer reads: which rule, on what, how sure, because of which scores.

    `WRITE_OUTPUTS=1` rewrites them.
    """
    moment, findings, facts = CASES[case]
    policy = shipped("default", "general-audience")

    said = explain(policy, moment, findings, facts, EMBEDDED).render()
    said = said.replace(policy.digest[:12], "<digest>") + "\n"

    expected = HERE / f"{case}.txt"
    if os.environ.get("WRITE_OUTPUTS"):
        expected.write_text(said, "utf-8")
    assert said == expected.read_text("utf-8")


def test_an_explanation_decides_nothing_else(usual: Policy) -> None:
    """Or people would be told another reason than the one that counted."""
    facts = Facts(tier_adult=True, age_claim=False)
    findings = saying(TEXT, TEXTS, {N.TEXT_SEXUAL_ACT: 0.9})

    told = explain(usual, Moment.REQUEST, findings, facts, EMBEDDED)

    assert told.decision == usual.decide(Moment.REQUEST, findings, facts, EMBEDDED)
