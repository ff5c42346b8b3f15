"""Readiness: in full for the operator, coarse for anybody."""

from dataclasses import replace

from pipeline.gateway import operator, server
from tests.unit.pipeline.lookers import Mood
from tests.unit.pipeline.world import World

LIST = "partner@2031-05-04@" + "a" * 16


async def test_the_public_report_names_no_classifier_list_or_account(house: World) -> None:
    """Whoever tries to get around a detector must not learn which one looks, or with what."""
    house.viewer.mood = Mood.FAILS
    await house.end()
    gate = replace(house.gate, banks=lambda: (LIST,))

    async with house.client(server.create(gate, house.metrics)) as client:
        ready = await client.get("/ready")

    assert ready.status_code == 503
    report = ready.json()
    assert (report["ready"], report["sick"], report["banks"]) == (False, 1, 1)
    assert report["serves"]["general"]["missing"]
    for name in (house.viewer.id, LIST, "account-1"):
        assert name not in ready.text


async def test_the_operators_report_names_them(house: World) -> None:
    """Whoever has to mend it needs to know what."""
    house.viewer.mood = Mood.FAILS
    await house.end()
    gate = replace(house.gate, banks=lambda: (LIST,))

    async with house.client(operator.create(replace(house.operator, gate=gate))) as client:
        report = (await client.get("/ready")).json()

    assert report["ready"] is False
    assert list(report["sick"]) == [house.viewer.id]
    assert report["banks"] == [LIST]
    assert report["accounts"] == {"account-1": "free"}


async def test_a_well_house_is_ready(house: World) -> None:
    """A load balancer sends it requests."""
    async with house.client() as client:
        ready = await client.get("/ready")

    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert (ready.json()["sick"], ready.json()["banks"]) == (0, 0)
