"""How often one address may try: a flood of addresses keeps out itself, not those known before."""

import pytest
from starlette.requests import Request

from pipeline.console.errors import WaitError
from pipeline.console.peers import MOST, Peers
from tests.unit.pipeline.world import Clock


def asked_from(host: str) -> Request:
    """A request of an address."""
    return Request({"type": "http", "client": (host, 5000), "headers": []})


def test_one_address_waits_until_the_ten_minutes_are_over() -> None:
    """And no other does."""
    clock = Clock()
    peers = Peers(clock)
    for _ in range(MOST):
        peers.enter(asked_from("192.0.2.1"))

    with pytest.raises(WaitError) as told:
        peers.enter(asked_from("192.0.2.1"))
    assert told.value.seconds == 600
    assert peers.enter(asked_from("192.0.2.2"))
    clock.passes(minutes=10)
    assert peers.enter(asked_from("192.0.2.1"))


def test_who_succeeds_is_not_counted() -> None:
    """A team behind one proxy signs in every morning."""
    peers = Peers(Clock())

    for _ in range(2 * MOST):
        peers.succeeded(peers.enter(asked_from("192.0.2.1")))


def test_a_flood_of_addresses_takes_no_more_memory_and_shuts_out_only_new_ones() -> None:
    """Whoever has a block of IPv6 has more addresses than anybody can count."""
    peers = Peers(Clock())
    peers.enter(asked_from("192.0.2.1"))

    def flood() -> None:
        for number in range(10_000):
            peers.enter(asked_from(f"2001:db8::{number:x}"))

    with pytest.raises(WaitError):
        flood()
    assert len(peers._counts) < 5_000
    assert peers.enter(asked_from("192.0.2.1"))


def test_a_clock_that_was_set_back_keeps_nobody_out() -> None:
    """The count begins anew."""
    clock = Clock()
    peers = Peers(clock)
    for _ in range(MOST):
        peers.enter(asked_from("192.0.2.1"))
    clock.passes(hours=-1)

    assert peers.enter(asked_from("192.0.2.1"))
