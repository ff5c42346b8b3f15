import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoint import Checkpoint, open_checkpoint
from audit.errors import MalformedError, UntrustedError
from audit.note import Note
from audit.signer import Ed25519Signer

SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
origins = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


def signed(text: str, skey: str = SKEY) -> str:
    return Note(text, (Ed25519Signer.parse(skey).sign(text),)).write()


def test_the_specifications_example_goes_round() -> None:
    checkpoint = Checkpoint.parse(EXAMPLE)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text() == EXAMPLE


@given(origins, st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_what_is_written_is_read_back(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root)
    assert Checkpoint.parse(checkpoint.text()) == checkpoint


@given(st.integers(0, len(EXAMPLE) - 1), st.characters())
def test_what_is_read_is_written_back(place: int, new: str) -> None:
    changed = EXAMPLE[:place] + new + EXAMPLE[place + 1 :]
    with contextlib.suppress(MalformedError):
        assert Checkpoint.parse(changed).text() == changed


@pytest.mark.parametrize(
    "bad",
    [
        "",
        EXAMPLE.replace("20852163", "020852163"),
        EXAMPLE.replace("20852163", "+20852163"),
        EXAMPLE.replace("20852163", "20_852_163"),
        EXAMPLE.replace("20852163", "-1"),
        EXAMPLE.replace("20852163", "\u0661"),
        EXAMPLE.replace("20852163", "9223372036854775808"),
        EXAMPLE.replace("20852163", ""),
        EXAMPLE.replace("2I=", "2J="),
        EXAMPLE.replace("CsUY", ""),
        EXAMPLE.replace("example.com/behind-the-sofa", ""),
        EXAMPLE.removesuffix("\n"),
        EXAMPLE + "extension\n",
        EXAMPLE + "\n",
        "\n" + EXAMPLE,
    ],
)
def test_what_int_would_take_and_the_specification_would_not_is_refused(bad: str) -> None:
    with pytest.raises(MalformedError):
        Checkpoint.parse(bad)


def test_a_signed_checkpoint_of_another_log_is_not_trusted() -> None:
    """One key may be made to sign for two origins; a reader asks for one."""
    vkey = Ed25519Signer.parse(SKEY).vkey
    text = Checkpoint("PeterNeumann", 1, bytes(32)).text()
    assert open_checkpoint(signed(text), vkey).size == 1
    with pytest.raises(UntrustedError):
        open_checkpoint(signed(EXAMPLE), vkey)
