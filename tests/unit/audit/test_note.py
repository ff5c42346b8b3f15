import contextlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from audit.errors import MalformedError, UntrustedError
from audit.note import Note, Signature, decode_base64, encode_base64, valid_name
from audit.signer import Ed25519Signer
from audit.vkey import VerifierKey

# The example of Go's sumdb/note, which C2SP signed-note specifies.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
LINE = (
    "\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
NOTE = f"{TEXT}\n{LINE}"

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(valid_name)
signatures = st.builds(Signature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1))
texts = st.text(
    st.characters(
        exclude_categories=["Cs"],
        exclude_characters=[*map(chr, range(10)), *map(chr, range(11, 32))],
    )
).map(lambda text: text + "\n")


class TestPublishedNote:
    def test_the_published_note_verifies(self) -> None:
        """If it did not, nobody's verifier would take our checkpoints."""
        assert VerifierKey.parse(VKEY).open(Note.parse(NOTE)) == TEXT

    def test_signing_gives_the_published_bytes(self) -> None:
        signer = Ed25519Signer.parse(SKEY)
        assert Note(TEXT, (signer.sign(TEXT),)).write() == NOTE
        assert signer.vkey.write() == VKEY

    def test_a_changed_text_does_not_verify(self) -> None:
        with pytest.raises(UntrustedError):
            VerifierKey.parse(VKEY).open(Note.parse(NOTE.replace("answer", "Answer")))

    def test_no_part_and_no_change_of_a_verifier_key_is_one(self) -> None:
        """A key that is almost right must not parse: nobody would notice."""
        parts = [VKEY[i:j] for i in range(len(VKEY)) for j in range(i + 1, len(VKEY) + 1)]
        changes = [VKEY[:i] + chr(ord(VKEY[i]) + 1) + VKEY[i + 1 :] for i in range(len(VKEY))]
        for each in {*parts, *changes} - {VKEY}:
            with pytest.raises(MalformedError):
                VerifierKey.parse(each)


class TestTrust:
    def test_lines_of_unknown_keys_are_ignored(self) -> None:
        """Witnesses and later keys add their lines to our notes."""
        other = Signature("witness.example", b"\x00\x01\x02\x03", b"whatever")
        renamed = Signature("PeterNeumann", b"\x00\x01\x02\x03", b"whatever")
        note = Note(TEXT, (other, renamed, *Note.parse(NOTE).signatures))
        assert VerifierKey.parse(VKEY).open(note) == TEXT

    def test_a_note_that_only_others_signed_is_refused(self) -> None:
        with pytest.raises(UntrustedError):
            VerifierKey.parse(VKEY).open(Note(TEXT, (Signature("other", b"abcd", b"x"),)))

    def test_one_bad_line_of_the_key_spoils_the_note(self) -> None:
        (good,) = Note.parse(NOTE).signatures
        bad = Signature(good.name, good.key_id, good.blob[::-1])
        with pytest.raises(UntrustedError):
            VerifierKey.parse(VKEY).open(Note(TEXT, (good, bad)))

    def test_a_key_of_the_same_name_is_another_key(self) -> None:
        public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        with pytest.raises(UntrustedError):
            VerifierKey("PeterNeumann", public).open(Note.parse(NOTE))


class TestForm:
    @given(texts, st.lists(signatures, min_size=1, max_size=4))
    def test_what_is_written_is_read_back(self, text: str, lines: list[Signature]) -> None:
        note = Note(text, tuple(lines))
        assert Note.parse(note.write()) == note

    @given(st.text())
    @example(NOTE)
    def test_what_is_read_is_written_back(self, text: str) -> None:
        """One way to write a note: two spellings would be two notes under one signature."""
        with contextlib.suppress(MalformedError):
            assert Note.parse(text).write() == text

    @given(st.integers(0, len(NOTE) - 1), st.sampled_from(" \n\u2014+=A\x00\r\u2003"))
    def test_a_note_with_one_character_changed_is_never_another_spelling(
        self, place: int, new: str
    ) -> None:
        changed = NOTE[:place] + new + NOTE[place + 1 :]
        with contextlib.suppress(MalformedError, UntrustedError):
            assert VerifierKey.parse(VKEY).open(Note.parse(changed)) == TEXT
            assert changed == NOTE

    @pytest.mark.parametrize(
        "bad",
        [
            "",
            TEXT,
            NOTE.removesuffix("\n"),
            NOTE + "\n",
            NOTE.replace("\n\n", "\n"),
            NOTE.replace("\u2014 ", "- "),
            NOTE.replace("\u2014 ", "\u2014  "),
            NOTE.replace("=\n", "\n"),
            NOTE.replace("M=\n", "N=\n"),
            NOTE.replace("\n", "\r\n"),
            NOTE.replace("cryptography", "crypto\tgraphy"),
            NOTE.replace("cryptography", "\ud800"),
            f"{TEXT}\n\u2014 Peter+Neumann x08goAA=\n",
            f"{TEXT}\n\u2014 Peter\u00a0Neumann x08goAA=\n",
            f"{TEXT}\n\u2014 PeterNeumann x08gow==\n",
            f"{TEXT}\n{LINE * 101}",
            "x" * 1_000_001,
        ],
    )
    def test_malformed_notes_are_refused(self, bad: str) -> None:
        with pytest.raises(MalformedError):
            Note.parse(bad)

    def test_the_last_empty_line_parts_text_and_signatures(self) -> None:
        text = "one\n\ntwo\n"
        assert Note.parse(f"{text}\n{LINE}").text == text

    def test_a_hundred_signatures_are_read(self) -> None:
        """The specification demands sixteen."""
        assert len(Note.parse(f"{TEXT}\n{LINE * 100}").signatures) == 100


class TestBase64:
    @given(st.binary())
    def test_bytes_go_round(self, data: bytes) -> None:
        assert decode_base64(encode_base64(data), "x") == data

    @pytest.mark.parametrize(
        "bad", ["QQ", "QQ=", "QR==", "QQ==\n", " QQ==", "Q-==", "QQ===", "é==="]
    )
    def test_there_is_one_spelling(self, bad: str) -> None:
        """`QQ==` and `QR==` would decode alike."""
        with pytest.raises(MalformedError):
            decode_base64(bad, "x")
