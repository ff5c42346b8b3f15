"""The connection goes to the number that was looked at, and is trusted for the name alone."""

import httpx

from pipeline.webhooks.posting import Posting


async def test_the_certificate_has_to_be_the_names_and_the_number_is_called() -> None:
    """A name that resolves anew in between leads nowhere else, and no other host answers for it."""
    asked: list[httpx.Request] = []

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(204)

    async def resolve(_: str, __: int) -> list[str]:
        return ["93.184.216.34"]

    async with httpx.AsyncClient(transport=httpx.MockTransport(answered)) as client:
        status = await Posting(client, resolve)("https://hooks.example:8443/a", {"a": "b"}, b"{}")

    (request,) = asked
    assert status == 204
    assert (request.url.host, request.url.port) == ("93.184.216.34", 8443)
    assert request.headers["host"] == "hooks.example:8443"
    assert request.extensions["sni_hostname"] == "hooks.example"
