import subprocess
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.anchors import AnchorKind
from audit.errors import AuditError, MalformedError, UnansweredError, UntrustedError
from audit.log import Log
from audit.stamps import request, stamped_at
from audit.time_stamper import TimeStamper
from audit.witness import Answer
from tests.time_stamp_authority import Authority, made

MESSAGE = b"gw.example/audit\n1\n"
LONG_AGO = 1_700_000_000


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return made(tmp_path_factory.mktemp("authority") / "tsa")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Another authority, of the same names."""
    return made(tmp_path_factory.mktemp("stranger") / "tsa")


@pytest.fixture(scope="module")
def response(authority: Authority) -> bytes:
    return authority.reply(request(MESSAGE)[0])


class TestStamps:
    def test_a_stamp_says_when(self, authority: Authority, response: bytes) -> None:
        at = stamped_at(response, MESSAGE, authority.certificates)
        assert at > LONG_AGO

    def test_openssl_agrees(self, authority: Authority, response: bytes, tmp_path: Path) -> None:
        """What we take, whoever has no line of ours can check too."""
        (tmp_path / "response").write_bytes(response)
        (tmp_path / "message").write_bytes(MESSAGE)
        command = ["openssl", "ts", "-verify", "-data", "message", "-in", "response"]
        root = str(authority.folder / "root.pem")
        done = subprocess.run(
            [*command, "-CAfile", root], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert "OK" in done.stdout

    def test_a_stamp_over_something_else_is_refused(
        self, authority: Authority, response: bytes
    ) -> None:
        with pytest.raises(UntrustedError, match="Mismatch"):
            stamped_at(response, MESSAGE + b"x", authority.certificates)

    def test_another_authority_of_that_name_is_refused(
        self, stranger: Authority, response: bytes
    ) -> None:
        with pytest.raises(UntrustedError):
            stamped_at(response, MESSAGE, stranger.certificates)

    def test_an_answer_to_another_question_is_refused(
        self, authority: Authority, response: bytes
    ) -> None:
        """An old stamp over the same bytes would date them back."""
        _, nonce = request(MESSAGE)
        with pytest.raises(UntrustedError, match="Nonce"):
            stamped_at(response, MESSAGE, authority.certificates, nonce)

    @pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
    @given(st.data())
    def test_no_flipped_byte_makes_it_another_stamp(
        self, authority: Authority, response: bytes, data: st.DataObject
    ) -> None:
        """It is refused, or it says the same."""
        at = data.draw(st.integers(0, len(response) - 1))
        flipped = bytearray(response)
        flipped[at] ^= data.draw(st.integers(1, 255))
        said = stamped_at(response, MESSAGE, authority.certificates)
        with suppress(UntrustedError, MalformedError):
            assert stamped_at(bytes(flipped), MESSAGE, authority.certificates) == said

    def test_a_certificate_of_an_unknown_version_is_refused(
        self, authority: Authority, response: bytes
    ) -> None:
        """Its parser says so with an error of a family of its own."""
        version_3, none = b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x03"
        assert version_3 in response
        with pytest.raises(MalformedError, match="InvalidVersion"):
            stamped_at(response.replace(version_3, none), MESSAGE, authority.certificates)

    @given(st.binary(max_size=300))
    def test_no_bytes_make_it_fail_in_another_way(
        self, authority: Authority, content: bytes
    ) -> None:
        with pytest.raises(AuditError):
            stamped_at(content, MESSAGE, authority.certificates)

    @pytest.mark.parametrize("pem", [b"", b"nothing", b"-----BEGIN CERTIFICATE-----\nAA==\n"])
    def test_certificates_that_are_none_are_told(self, response: bytes, pem: bytes) -> None:
        with pytest.raises(MalformedError, match="PEM certificates"):
            stamped_at(response, MESSAGE, pem)


class TestStamper:
    async def test_a_checkpoint_is_stamped_as_it_was_signed(
        self, log: Log, authority: Authority
    ) -> None:
        anchor = await stamper(authority).stamp(log.checkpoint)
        assert (anchor.kind, anchor.who, anchor.size) == (AnchorKind.TIME_STAMP, "tsa.example", 1)
        message = log.checkpoint.encode()
        assert stamped_at(anchor.body, message, authority.certificates) == anchor.at

    async def test_what_is_no_stamp_is_told(self, log: Log, authority: Authority) -> None:
        good = stamper(authority)
        for status, kind in ((503, "text/html"), (200, "text/html"), (500, REPLY)):

            async def post(
                url: str, body: bytes, media_type: str, status: int = status, kind: str = kind
            ) -> Answer:
                del url, body, media_type
                return Answer(status, kind, b"")

            with pytest.raises(UnansweredError, match="no stamp"):
                await replace(good, post=post).stamp(log.checkpoint)

    async def test_a_stranger_at_the_address_is_refused(
        self, log: Log, authority: Authority, stranger: Authority
    ) -> None:
        wrong = replace(stamper(stranger), certificates=authority.certificates)
        with pytest.raises(UntrustedError):
            await wrong.stamp(log.checkpoint)


REPLY = "application/timestamp-reply"


def stamper(authority: Authority) -> TimeStamper:
    async def post(url: str, body: bytes, media_type: str) -> Answer:
        assert (url, media_type) == ("https://tsa.example/", "application/timestamp-query")
        return Answer(200, REPLY, authority.reply(body))

    return TimeStamper("tsa.example", "https://tsa.example/", authority.certificates, post)
