"""The account routes: what SDKs require to be there, and nothing of the operator."""

import pytest

from tests.unit.pipeline.world import World

_KEYS = {"priority", "subscription", "keystore", "settings", "information"}


async def test_the_account_is_the_tenant_s_budget(house: World) -> None:
    """Two SDKs read the plan out of everything, the third asks for it alone."""
    async with house.client() as client:
        everything = (await client.get("/user/data")).json()
        parts = [(await client.get(f"/user/{name}")).json() for name in sorted(_KEYS - _OWN)]

    assert everything.keys() == _KEYS
    assert parts == [everything[name] for name in sorted(_KEYS - _OWN)]
    left = everything["subscription"]["trainingStepsLeft"]["fixedTrainingStepsLeft"]
    assert left == 10_000
    assert everything["information"]["plainTextEmail"] is None
    assert everything["keystore"]["keystore"] is None
    assert house.upstream.calls == []


_OWN = {"keystore", "settings"}
"""What has no route of its own here: the keys and settings of a story editor."""


@pytest.mark.parametrize(
    ("method", "path", "what"),
    [
        ("POST", "/ai/generate", "text generation"),
        ("POST", "/oa/v1/chat/completions", "text generation"),
        ("GET", "/user/objects/stories", "stories"),
        ("GET", "/user/keystore", "stories"),
        ("POST", "/ai/annotate-image", "control net"),
    ],
)
async def test_what_is_not_served_says_what_is(
    house: World, method: str, path: str, what: str
) -> None:
    """Whoever points a story editor here learns why it does not work."""
    async with house.client() as client:
        answer = await client.request(method, path, json={"input": "once upon a time"})

    assert answer.status_code == 404
    assert f"This gate serves pictures. It does not serve {what}" in answer.json()["message"]
    assert house.upstream.calls == []
