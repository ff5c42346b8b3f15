"""A tenant chooses where it is told: never a way into our own network."""

from collections.abc import Sequence
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as some

from pipeline.webhooks.address import checked, is_public, pinned
from pipeline.webhooks.errors import AddressError

INSIDE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "255.255.255.255", "224.0.0.1", "198.18.0.1", "192.0.2.1"),  # noqa: S104 - refused
    *("::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "::ffff:10.0.0.1"),
    *("64:ff9b::a00:1", "2002:a00:1::1", "2001:0:a00:1::1", "2001:db8::1"),
]


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_public_or_hides_another_address_is_refused(address: str) -> None:
    """Cloud metadata, neighbours, tunnels: each has been a way in for somebody."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111"])
def test_what_is_public_goes(address: str) -> None:
    """Else nobody would ever be told."""
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        *("", "hooks.example", "ftp://hooks.example/", "file:///etc/passwd", "https://"),
        *("https://ana:pw@hooks.example/", "https://hooks.example/#part", "http://hooks.example/"),
        *("https://hooks.example:99999/", "https://" + "a" * 3000, "gopher://127.0.0.1/"),
    ],
)
def test_only_https_without_a_password_goes(url: str) -> None:
    """What is told says who has an account with whom: nobody on the way reads it."""
    with pytest.raises(AddressError) as refused:
        checked(url, loopback=False)
    assert "pw" not in str(refused.value)


@given(some.text(max_size=80))
@budget(max_examples=100)
def test_any_text_is_an_address_or_refused(text: str) -> None:
    """Nothing that an operator pastes ends in a fault without a name."""
    try:
        asked = checked(text, loopback=False)
    except AddressError:
        return
    assert (asked.scheme, bool(asked.host)) == ("https", True)


class TestPinned:
    async def _pinned(self, url: str, *found: str) -> str:
        asked: list[tuple[str, int]] = []

        async def resolve(host: str, port: int) -> Sequence[str]:
            asked.append((host, port))
            return found

        pin = str(await pinned(checked(url, loopback=True), resolve))
        assert len(asked) == 1
        return pin

    async def test_the_connection_goes_to_the_number_that_was_looked_at(self) -> None:
        """A name that answers differently the second time gains nothing."""
        url = "https://hooks.example/a?b=c"
        assert await self._pinned(url, "93.184.216.34") == "https://93.184.216.34/a?b=c"
        both = ("2606:4700::1111", "93.184.216.34")
        assert await self._pinned("https://h.example:8443/", *both) == "https://93.184.216.34:8443/"
        assert await self._pinned(url, both[0]) == "https://[2606:4700::1111]/a?b=c"

    @pytest.mark.parametrize("found", [(), ("127.0.0.1",), ("93.184.216.34", "10.0.0.1")])
    async def test_one_address_inside_is_enough_to_refuse(self, found: Sequence[str]) -> None:
        """Whoever mixes them waits for the draw that leads inside."""
        with pytest.raises(AddressError):
            await self._pinned("https://hooks.example/", *found)

    async def test_http_goes_to_this_machine_alone(self) -> None:
        """It is for a sandbox: in clear text nothing leaves the machine."""
        assert await self._pinned("http://localhost:80/", "127.0.0.1") == "http://127.0.0.1/"
        with pytest.raises(AddressError):
            await self._pinned("http://hooks.example/", "93.184.216.34")
