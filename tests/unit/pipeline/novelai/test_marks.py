import base64
import gzip
import io
import json
import math

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from classifiers import canonical, content
from classifiers.content import Grammar, Polarity, Prompt, Purpose, Text
from pipeline.items import Json, Operation, Work
from pipeline.novelai import stealth
from pipeline.novelai.marks import Marks, PromptMark, SignatureMark, read
from pipeline.novelai.signature import NOVELAI_VERIFY_KEY, verify_key

Pixels = NDArray[np.uint8]

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
SOURCE = "NovelAI Diffusion V4.5 4BDE2A90"
BASE, BAD = "a harbour at dawn", "lowres"
APPROVED = (Text("input", BASE), Text("parameters.uc", BAD, Polarity.NEGATIVE))
COMMENT: dict[str, Json] = {
    "prompt": BASE,
    "uc": BAD,
    "steps": 23,
    "scale": 5.0,
    "cfg_rescale": 1e-7,
    "sampler": "k_euler_ancestral",
    "v4_prompt": {"caption": {"base_caption": BASE, "char_captions": []}, "use_coords": False},
    "v4_negative_prompt": {"caption": {"base_caption": BAD, "char_captions": []}},
    "actual_prompts": {
        "prompt": {"base_caption": BASE, "char_captions": []},
        "negative_prompt": {"base_caption": BAD, "char_captions": []},
    },
    "request_type": "PromptGenerateRequest",
}


def scene(width: int = 96, height: int = 64, alpha: int = 254) -> Pixels:
    """Draw a gradient: benign, and not of one colour."""
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[:, :, 0] = np.linspace(0, 255, width, dtype=np.uint8)
    pixels[:, :, 1] = np.linspace(255, 0, height, dtype=np.uint8)[:, np.newaxis]
    pixels[:, :, 2] = 128
    pixels[:, :, 3] = alpha
    return pixels


def sign(pixels: Pixels, comment: dict[str, Json], key: Ed25519PrivateKey = KEY) -> dict[str, Json]:
    """Sign as 5.4 says, written from its words and not from our reader."""
    rows = b"".join(bytes(pixel[:3]) for row in pixels for pixel in row)
    signature = key.sign(rows + json.dumps(comment).encode())
    return {**comment, "signed_hash": base64.b64encode(signature).decode()}


def hide(pixels: Pixels, payload: bytes, bits: int | None = None) -> Pixels:
    """Write a payload into alpha, column by column, most significant bit first (5.3)."""
    length = 8 * len(payload) if bits is None else bits
    stream = b"stealth_pngcomp" + length.to_bytes(4, "big") + payload + b"\xff" * 4
    hidden = pixels.copy()
    hidden[:, :, 3] = 255
    for position in range(8 * len(stream)):
        bit = stream[position // 8] >> (7 - position % 8) & 1
        hidden[position % len(hidden), position // len(hidden), 3] = 0xFE | bit
    return hidden


def zipped(comment: dict[str, Json]) -> bytes:
    told = {"Description": BASE, "Source": SOURCE, "Comment": json.dumps(comment)}
    return gzip.compress(json.dumps(told).encode())


def png(pixels: Pixels, **texts: str) -> bytes:
    told, packed = PngInfo(), io.BytesIO()
    for key, text in texts.items():
        told.add_text(key, text)
    Image.fromarray(pixels).save(packed, "PNG", pnginfo=told)
    return packed.getvalue()


def whole(comment: dict[str, Json] | None = None, pixels: Pixels | None = None) -> bytes:
    """Give a picture as NovelAI makes it: both copies, signed."""
    drawn = scene(640, 64) if pixels is None else pixels
    signed = sign(drawn, COMMENT if comment is None else comment)
    return png(
        hide(drawn, zipped(signed)), Description=BASE, Source=SOURCE, Comment=json.dumps(signed)
    )


def marks(data: bytes, approved: tuple[Text, ...] = APPROVED) -> Marks:
    image = content.Image("output", 0, Purpose.OUTPUT, data)
    prompt = Prompt(approved, Grammar.V4)
    work = Work(Operation.GENERATE, "nai-diffusion-4-5-full", prompt, 640, 64, 1, {})
    return read(canonical.read(image), work, KEY.public_key())


class TestSignature:
    def test_both_copies_of_an_untouched_picture_verify(self) -> None:
        """Proof that what is released is what was generated."""
        found = marks(whole())

        assert (found.signature, found.prompt) == (SignatureMark.VALID, PromptMark.MATCHES)
        assert (found.source, found.texts) == (SOURCE, ())

    @pytest.mark.parametrize("place", ["file", "alpha"])
    def test_one_copy_is_enough(self, place: str) -> None:
        """A picture whose texts were stripped still proves itself by its alpha."""
        drawn = scene(640, 64)
        signed = sign(drawn, COMMENT)
        if place == "file":
            data = png(drawn[:, :, :3].copy(), Comment=json.dumps(signed))
        else:
            data = png(hide(drawn, zipped(signed)))
        assert marks(data).signature is SignatureMark.VALID

    def test_a_transparent_picture_verifies_by_its_own_colours(self) -> None:
        """V5 draws transparency; what is signed are the colours under it."""
        drawn = scene()
        drawn[:20, :, 3] = 0
        data = png(drawn, Comment=json.dumps(sign(drawn, COMMENT)))
        assert marks(data).signature is SignatureMark.VALID

    def test_a_changed_pixel_a_changed_word_and_another_key_do_not_verify(self) -> None:
        """Each is somebody else's picture, or somebody else's prompt."""
        drawn = scene()
        signed = sign(drawn, COMMENT)
        changed = drawn.copy()
        changed[3, 3, 0] ^= 1
        for pixels, comment in (
            (changed, signed),
            (drawn, {**signed, "prompt": "another"}),
            (drawn, sign(drawn, COMMENT, OTHER_KEY)),
            (drawn, {**signed, "signed_hash": "aGk="}),
            (drawn, {**signed, "signed_hash": "\u2603"}),
            (drawn, {**signed, "signed_hash": 7}),
        ):
            data = png(pixels, Comment=json.dumps(comment))
            assert marks(data).signature is SignatureMark.INVALID

    def test_a_valid_copy_does_not_cover_for_a_false_one(self) -> None:
        """A false comment in the file, the true one left in alpha."""
        drawn = scene(640, 64)
        signed = sign(drawn, COMMENT)
        data = png(hide(drawn, zipped(signed)), Comment=json.dumps({**signed, "prompt": "another"}))
        assert marks(data).signature is SignatureMark.INVALID

    def test_no_signature_is_its_own_answer(self) -> None:
        """Absent is neither valid nor forged."""
        assert marks(png(scene())).signature is SignatureMark.ABSENT
        assert marks(png(scene(), Comment=json.dumps(COMMENT))).signature is SignatureMark.ABSENT

    def test_novelai_s_own_key_parses(self) -> None:
        """A key that does not parse would only be noticed in production."""
        assert verify_key(NOVELAI_VERIFY_KEY).public_bytes_raw().hex().startswith("63625c40")
        with pytest.raises(ValueError, match=r"\w"):
            verify_key("c2hvcnQ=")


class TestPrompt:
    def test_what_the_server_chose_itself_is_read_again(self) -> None:
        """A randomiser's choice is in nobody's request."""
        chosen: dict[str, Json] = {
            **COMMENT,
            "actual_prompts": {
                "prompt": {"base_caption": "a chosen word", "char_captions": []},
                "negative_prompt": {"base_caption": "an unwanted word", "char_captions": []},
            },
        }
        found = marks(whole(chosen))

        assert found.prompt is PromptMark.DIFFERS
        assert found.texts == (
            Text("output.prompt", "a chosen word", Polarity.POSITIVE),
            Text("output.prompt", "an unwanted word", Polarity.NEGATIVE),
        )

    def test_a_text_approved_as_negative_is_not_approved_as_positive(self) -> None:
        """`lowres` in the negative prompt says nothing of drawing it."""
        assert marks(whole({**COMMENT, "prompt": BAD})).prompt is PromptMark.DIFFERS

    def test_white_space_is_no_difference(self) -> None:
        """The server trims; that is no other prompt."""
        assert marks(whole({**COMMENT, "prompt": f" {BASE}\n"})).prompt is PromptMark.MATCHES

    def test_without_a_comment_there_is_nothing_to_compare(self) -> None:
        """Absent is not a match."""
        found = marks(png(scene()))
        assert (found.signature, found.prompt) == (SignatureMark.ABSENT, PromptMark.ABSENT)
        assert (found.source, found.texts) == ("", ())
        assert marks(png(scene(), Comment="{", Source="x")).prompt is PromptMark.ABSENT

    def test_every_other_text_is_read_too(self) -> None:
        """What does not parse as a comment, and keys that nobody knows yet."""
        data = png(scene(), Description="one", parameters="two", Comment='{"new": ["three"]}')
        found = marks(data, ())

        assert {text.text for text in found.texts} == {"one", "two", "three"}
        assert {text.path for text in found.texts} == {"output.other"}

    @pytest.mark.parametrize("depth", [100, 700, 850, 900, 930, 960, 990, 5000])
    def test_a_comment_of_any_depth_is_read(self, depth: int) -> None:
        """Whoever made a picture chose how deep its comment is."""
        nested = '{"signed_hash": "aGk=", "deep": ' + "[" * depth + '"word"' + "]" * depth + "}"
        found = marks(png(scene(), Comment=nested))
        assert any("word" in text.text for text in found.texts)

    def test_a_comment_wrapped_in_another_is_unwrapped(self) -> None:
        """Re-saved files hold it so (5.3)."""
        data = png(scene(), Comment=json.dumps({"Comment": json.dumps(COMMENT)}))
        assert marks(data).prompt is PromptMark.MATCHES

    def test_a_webp_is_read_by_its_exif(self) -> None:
        """The same marks under other names (5.2)."""
        packed, exif = io.BytesIO(), Image.Exif()
        exif[0x0131] = SOURCE
        exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + json.dumps(COMMENT).encode()
        Image.fromarray(scene()).save(packed, "WEBP", lossless=True, exif=exif.tobytes())
        found = marks(packed.getvalue())

        assert (found.prompt, found.source) == (PromptMark.MATCHES, SOURCE)

    def test_marks_show_no_content(self) -> None:
        """Embedded prompts belong in no log."""
        assert "harbour" not in repr(marks(whole(), ()))
        source = marks(png(scene(), Source="x\n\x1b" + "y" * 200)).source
        assert source == "x" + "y" * 99

    def test_another_size_than_asked_is_told(self) -> None:
        """Whoever sent it did not generate it for this request."""
        assert marks(whole()).right_size
        assert not marks(png(scene(639, 64))).right_size
        assert not marks(png(scene(64, 640))).right_size


class TestStealth:
    @given(
        st.integers(1, 40), st.integers(1, 40), st.binary(max_size=30), st.integers(0, 2**32 - 1)
    )
    def test_any_payload_hides_an_object_or_nothing(
        self, width: int, height: int, payload: bytes, bits: int
    ) -> None:
        """The plane of an upload holds whatever its maker wrote."""
        columns = math.ceil(8 * (23 + len(payload)) / height)
        hidden = hide(scene(max(width, columns), height), payload, bits)
        assert stealth.read(hidden[:, :, 3]) == {}

    @given(st.integers(1, 70), st.dictionaries(st.text(max_size=5), st.integers(), max_size=3))
    def test_what_was_hidden_is_found(self, height: int, value: dict[str, Json]) -> None:
        """At any height: the stream runs down the columns."""
        payload = gzip.compress(json.dumps(value).encode())
        columns = math.ceil(8 * (23 + len(payload)) / height)
        hidden = hide(scene(columns, height), payload)
        assert stealth.read(hidden[:, :, 3]) == value

    @pytest.mark.parametrize(
        "payload",
        [
            gzip.compress(b"[1]", mtime=0),
            gzip.compress(b"[" * 5000, mtime=0),
            gzip.compress(b"\xff", mtime=0),
            gzip.compress(b'{"a": "' + bytes(2 << 20), mtime=0),
            gzip.compress(b"{}", mtime=0)[:-4],
        ],
    )
    def test_a_payload_that_is_no_small_object_hides_nothing(self, payload: bytes) -> None:
        """A few kilobytes can inflate to gigabytes."""
        assert stealth.read(hide(scene(640, 64), payload)[:, :, 3]) == {}

    @pytest.mark.parametrize("shape", [(0, 0), (1, 1), (3, 50), (5, 5, 3)])
    def test_a_plane_that_is_too_small_hides_nothing(self, shape: tuple[int, ...]) -> None:
        """There is no room for the magic word."""
        assert stealth.read(np.full(shape, 255, np.uint8)) == {}
