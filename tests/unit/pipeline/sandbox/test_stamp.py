"""Reads what the sandbox stamps with a strict reader of its own, written from the reference."""

import gzip
import json
from base64 import b64decode
from io import BytesIO
from typing import cast

import numpy as np
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from pipeline.sandbox import scene, stamp
from pipeline.sandbox.keys import TEST_VERIFY_KEY_BASE64, UNSAFE_TEST_SIGNING_KEY
from pipeline.sandbox.stamp import Label

_LABEL = Label(
    "a harbour at dawn, 港",
    "NovelAI Diffusion V4.5 4BDE2A90",
    {"prompt": "a harbour at dawn, 港", "steps": 28, "scale": 5.5, "uc": "blurry"},
)
_RGB = scene.draw(5, 128, 192)
_SIGNATURE = stamp.sign(UNSAFE_TEST_SIGNING_KEY, _RGB, _LABEL.comment)


def _pixels(content: bytes) -> NDArray[np.uint8]:
    with Image.open(BytesIO(content)) as picture:
        assert picture.mode == "RGBA"
        return np.array(picture)


def _hidden(rgba: NDArray[np.uint8]) -> dict[str, str]:
    """What the alpha plane says (section 5.3), read column by column."""
    alpha = rgba[:, :, 3].T.ravel()
    stream = np.packbits(alpha & 1).tobytes()
    assert stream[:15] == b"stealth_pngcomp"
    bits = int.from_bytes(stream[15:19], "big")
    assert bits % 8 == 0
    end = 19 + bits // 8
    assert stream[end : end + 4] == b"\xff\xff\xff\xff"
    assert set(alpha[: end * 8].tolist()) == {0xFE, 0xFF}
    assert set(alpha[end * 8 :].tolist()) == {0xFF}
    return cast("dict[str, str]", json.loads(gzip.decompress(stream[19:end]).decode("utf-8")))


def _verify(rgba: NDArray[np.uint8], comment_text: str) -> None:
    """Check a signature (section 5.4), or raise."""
    comment = json.loads(comment_text)
    signature = b64decode(comment.pop("signed_hash"), validate=True)
    message = rgba[:, :, :3].tobytes() + json.dumps(comment).encode("utf-8")
    key = Ed25519PublicKey.from_public_bytes(b64decode(TEST_VERIFY_KEY_BASE64))
    key.verify(signature, message)


class TestAsPng:
    def test_the_chunks_say_what_novelai_says(self) -> None:
        """Software that recognises NovelAI's files recognises these."""
        with Image.open(BytesIO(stamp.as_png(_RGB, _LABEL, _SIGNATURE))) as picture:
            texts = cast("PngImageFile", picture).text

        assert list(texts) == [
            "Title",
            "Description",
            "Software",
            "Source",
            "Generation time",
            "Comment",
        ]
        assert texts["Software"] == "NovelAI"
        assert texts["Source"] == "NovelAI Diffusion V4.5 4BDE2A90"
        assert texts["Description"] == "a harbour at dawn, 港"
        assert json.loads(texts["Comment"])["prompt"] == "a harbour at dawn, 港"

    def test_the_alpha_plane_says_the_same_as_the_chunks(self) -> None:
        """The two copies differ only when somebody changed the file."""
        content = stamp.as_png(_RGB, _LABEL, _SIGNATURE)
        with Image.open(BytesIO(content)) as picture:
            texts = cast("PngImageFile", picture).text

        hidden = _hidden(_pixels(content))

        assert "Title" not in hidden
        assert hidden == {key: str(text) for key, text in texts.items() if key != "Title"}

    def test_the_signature_holds_for_both_copies(self) -> None:
        """A strict checker asks both."""
        rgba = _pixels(stamp.as_png(_RGB, _LABEL, _SIGNATURE))

        _verify(rgba, _hidden(rgba)["Comment"])
        _verify(rgba, _LABEL.texts(_SIGNATURE)["Comment"])

    def test_the_signature_does_not_hold_for_another_pixel(self) -> None:
        """Otherwise the signature would prove nothing."""
        rgba = _pixels(stamp.as_png(_RGB, _LABEL, _SIGNATURE))
        rgba[0, 0, 0] ^= 1

        with pytest.raises(InvalidSignature):
            _verify(rgba, _hidden(rgba)["Comment"])

    def test_a_picture_too_small_for_the_hidden_copy_has_none(self) -> None:
        """Half a copy would read as damage."""
        rgba = _pixels(stamp.as_png(_RGB[:8, :8], _LABEL, _SIGNATURE))

        assert np.all(rgba[:, :, 3] == 0xFF)


class TestAsWebp:
    def test_pixels_and_hidden_copy_survive(self) -> None:
        """A lossy file would break its own signature."""
        rgba = _pixels(stamp.as_webp(_RGB, _LABEL, _SIGNATURE))

        assert np.array_equal(rgba[:, :, :3], _RGB)
        _verify(rgba, _hidden(rgba)["Comment"])

    def test_the_exif_block_carries_the_comment(self) -> None:
        """Section 5.2: eight bytes name the encoding, the comment follows."""
        with Image.open(BytesIO(stamp.as_webp(_RGB, _LABEL, _SIGNATURE))) as picture:
            exif = picture.getexif()
            said = exif.get_ifd(0x8769)[0x9286]

        assert exif[0x131] == "NovelAI Diffusion V4.5 4BDE2A90"
        assert said[:8] == b"ASCII\0\0\0"
        assert json.loads(said[8:]) == {**_LABEL.comment, "signed_hash": _SIGNATURE}
