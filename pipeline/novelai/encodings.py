"""Vibes on V4 and V4.5: a picture is encoded once, and the encoding stands for it (1.8, 3.5)."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from PIL import Image, UnidentifiedImageError

from classifiers.content import Grammar, Prompt, Purpose
from pipeline.items import Encoding, Json, Operation, Work
from pipeline.novelai import catalogue, pictures
from pipeline.novelai.archive import Picture
from pipeline.novelai.errors import RequestRefusedError, UpstreamMalformedError
from pipeline.novelai.limits import Limits
from pipeline.novelai.parameters import ENCODED_VIBES, UINT32
from pipeline.novelai.shapes import Flag, Number, Opaque, Shape, given
from pipeline.novelai.shapes import Picture as PictureShape

VIBES: Final = "reference_image_multiple"
MOST_BYTES: Final = 1 << 20
"""NovelAI's are about 48 KB."""
_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""What a file raises that begins as a picture and does not go on as one."""
_LEAST_BYTES = 256
"""Fewer are no encoding, and a digest of them would say little."""
_OF_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"II*\x00", b"MM\x00*")
"""How files of pictures begin."""

ENCODE: Mapping[str, Shape] = {
    "image": PictureShape(Purpose.REFERENCE),
    "model": Opaque(),
    "information_extracted": Number(0, 1),
    "informationExtracted": Number(0, 1),
    "info_extract_seed": Number(0, UINT32, whole=True),
    "crop_to_mask": Flag(),
}
"""The fourth is what one SDK calls the third."""


def parse_encode(
    body: Mapping[str, Json], parts: Mapping[str, bytes] | None, *, limits: Limits
) -> Work:
    """Give the work of encoding a picture.

    Raises:
        RequestRefusedError: it asks for something that this gate does not serve.
        UnreadableError: its image is none.
    """
    if body.get("mask") is not None or body.get("crop_to_mask"):
        raise RequestRefusedError(400, "mask: this gate encodes whole pictures alone")
    asked = given(body, ENCODE, {"image", "model"})
    model = catalogue.find(asked["model"])
    if model.family not in ENCODED_VIBES or model.inpaints:
        known = ", ".join(sorted(ENCODED_VIBES))
        raise RequestRefusedError(400, f"model: expected one of {known}, and none for infill")
    names = ("information_extracted", "informationExtracted")
    extracted = [asked[key] for key in names if key in asked]
    if len(extracted) > 1:
        raise RequestRefusedError(400, "information_extracted: expected it once")
    images = pictures.taken(ENCODE, asked, parts, limits)
    width, height = pictures.size_of(images[0])
    seed = {key: asked[key] for key in ("info_extract_seed",) if key in asked}
    return Work(
        Operation.ENCODE_VIBE,
        model.id,
        Prompt((), Grammar.V4),
        width,
        height,
        1,
        {"model": model.id, "information_extracted": extracted[0] if extracted else 1, **seed},
        images,
    )


@dataclass(frozen=True, slots=True)
class Vibes:
    """The encodings of a request, and what of it is left to be read without them."""

    encodings: tuple[Encoding, ...]
    parts: Mapping[str, bytes] | None


def taken(value: Json, parts: Mapping[str, bytes] | None, limits: Limits) -> Vibes:
    """Give the encodings in a `checked` list, each base64 or the name of a part.

    Whether they were made here is not known yet: it MUST be asked before anything is sent.

    Raises:
        RequestRefusedError: one is none.
    """
    says = [str(each) for each in value] if isinstance(value, list) else []
    found: list[Encoding] = []
    for index, text in enumerate(says):
        path = f"parameters.{VIBES}"
        data = pictures.resolve(f"{path}[{index}]", text, parts, limits)
        if data.startswith(_OF_PICTURES):
            message = (
                f"{path}[{index}]: a picture; V4 models take its encoding:"
                f" send it to {Operation.ENCODE_VIBE} first"
            )
            raise RequestRefusedError(400, message)
        if len(data) > MOST_BYTES:
            message = f"{path}[{index}]: expected at most {MOST_BYTES} bytes"
            raise RequestRefusedError(413, message)
        found.append(Encoding(path, index, data, sha256(data).hexdigest()))
    left = None if parts is None else {name: parts[name] for name in parts.keys() - {*says}}
    return Vibes(tuple(found), left)


def not_minted(encoding: Encoding) -> RequestRefusedError:
    """Give the refusal of an encoding that was not made here, or is kept no longer."""
    message = (
        f"{encoding.carrier}[{encoding.index}]: this encoding was not made here for you, or too"
        f" long ago: nobody can look into it; send its picture to {Operation.ENCODE_VIBE}"
    )
    return RequestRefusedError(400, message)


def check_model(encoding: Encoding, made_for: frozenset[str], model: str) -> None:
    """Hold the model that is asked for against those that an encoding was made for.

    Raises:
        RequestRefusedError: it is another.
    """
    if _trained(model) not in {_trained(each) for each in made_for}:
        message = (
            f"{encoding.carrier}[{encoding.index}]: expected an encoding for {model},"
            f" got one for {', '.join(sorted(made_for))}"
        )
        raise RequestRefusedError(400, message)


def _trained(model: str) -> str:
    """Give the model that another one, which inpaints, was made from."""
    return model.removesuffix("-inpainting").removesuffix("-preview")


def received(data: bytes) -> Picture:
    """Give what came back for a picture that was to be encoded.

    A picture, or an archive of some, is refused: it would leave without having been looked at.

    Raises:
        UpstreamMalformedError: it is no encoding.
    """
    if not _LEAST_BYTES <= len(data) <= MOST_BYTES:
        message = f"encoding: expected {_LEAST_BYTES} to {MOST_BYTES} bytes, got {len(data)}"
        raise UpstreamMalformedError(message)
    if data.isascii() or zipfile.is_zipfile(io.BytesIO(data)) or _is_picture(data):
        raise UpstreamMalformedError("encoding: expected opaque bytes, got a file of a known kind")
    return Picture(0, "encoding", data, sha256(data).hexdigest())


def _is_picture(data: bytes) -> bool:
    """Whether somebody could look at it: a header that is known and then broken counts too."""
    try:
        with Image.open(io.BytesIO(data)):
            return True
    except UnidentifiedImageError:
        return data.startswith(_OF_PICTURES)
    except _BROKEN:
        return True
