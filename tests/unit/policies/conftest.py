from collections.abc import Callable
from pathlib import Path

import pytest

import policies
from policies.policy import Policy

SETS = Path(policies.__file__).parent / "sets"


def read_set(name: str) -> policies.PolicySet:
    return policies.load((SETS / f"{name}.yaml").read_text("utf-8"), f"{name}.yaml")


def compose_shipped(*names: str) -> Policy:
    return policies.compose([read_set("floor"), *(read_set(name) for name in names)])


@pytest.fixture(scope="session")
def shipped() -> Callable[..., Policy]:
    """Composes the floor with those of the shipped sets that are named."""
    return compose_shipped


@pytest.fixture(scope="session")
def floor() -> Policy:
    """The floor alone."""
    return compose_shipped()


@pytest.fixture(scope="session")
def usual() -> Policy:
    """The floor and the default set."""
    return compose_shipped("default")
