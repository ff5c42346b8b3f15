"""What the image gate costs, against decoding alone and against its parts called one by one."""

import hashlib
import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
import onnxruntime as ort
import pdqhash
from PIL import Image, ImageOps

from classifiers.apparent_age import NAME as AGE
from classifiers.apparent_age import ApparentAge, FaceAge
from classifiers.canonical import Canonical, read
from classifiers.classifier import Classifier
from classifiers.content import Image as Received
from classifiers.content import Purpose
from classifiers.content_network import NAME, ContentNetwork
from classifiers.faces import NAME as FACES
from classifiers.faces import Faces, decode
from classifiers.hash_bank import Kind
from classifiers.hash_bank_csv import parse
from classifiers.hash_bank_set import BankSet
from classifiers.hash_match import HashMatch
from classifiers.image_content import ImageContent
from classifiers.mask import MaskCheck
from classifiers.registry import WEIGHTS
from tests.bench.benign import NOON, drawing, photograph
from tests.bench.figure import Figure, timed

_BUDGET = "90 ms"
_NETWORK_SIDE, _FINDER_SIDE, _AGE_SIDE = 224, 416, 112
_A_FACE = 0.5


def pictures(rounds: int, bank: Path) -> list[Figure]:
    """Measure a drawing and a photograph; no look is remembered from the one before."""
    rows = parse(bank.read_bytes(), source=bank.stem, kind=Kind.BLOCKED, fetched_at=NOON)
    match = HashMatch(BankSet((rows,)))
    figures: list[Figure] = []
    for name, data in (("drawing", drawing(1)), ("photograph of 1.2 MB", photograph())):
        gate = timed(partial(_look, data, match), rounds)
        decoding = timed(partial(_decode, data), rounds)
        parts = timed(partial(_parts, data, faces=name != "drawing"), rounds)
        what = f"image gate, {name}"
        alone = ("Pillow decodes, alone", decoding.median)
        apart = ("the libraries, one by one", parts.median)
        figures += [
            Figure(what, gate.median, "ms", gate.cpu_median, _BUDGET, *peer)
            for peer in (alone, apart)
        ]
    return figures


class _Gate:
    """The picture's classifiers, opened once."""

    network = ContentNetwork.embedded()
    faces = Faces.embedded()
    age = FaceAge.embedded()


def _look(data: bytes, match: HashMatch) -> None:
    network = ContentNetwork(_Gate.network._model)  # one that remembers nothing
    viewers: Sequence[Classifier[Canonical]] = (
        MaskCheck(),
        match,
        ImageContent(network),
        ApparentAge(network.rendition, network.suggestive, _Gate.faces, _Gate.age),
    )
    seen = read(Received("output", 0, Purpose.OUTPUT, data))
    for viewer in viewers:
        viewer.classify(seen)


def _decode(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


_options = ort.SessionOptions()
_options.intra_op_num_threads = 1  # as the gate has it


def _session(name: str) -> ort.InferenceSession:
    providers = ["CPUExecutionProvider"]
    return ort.InferenceSession(WEIGHTS / f"{name}.onnx", _options, providers=providers)


_content, _finder, _age = map(_session, (NAME, FACES, AGE))


def _parts(data: bytes, *, faces: bool) -> None:
    """Do what the gate does with the libraries' own calls, as their documents show it.

    Each hash is taken of the picture at its full size, PDQ's eight by its own function; faces are
    looked for once, as it stands, and only where the gate looks for them; without the care for
    transparency, profiles and limits.
    """
    picture = _decode(data).convert("RGB")
    for digest in ("md5", "sha1", "sha256"):
        hashlib.new(digest, data, usedforsecurity=False).hexdigest()
    pdqhash.compute_dihedral(np.array(picture))
    for turn in range(4):
        turned = picture.rotate(90 * turn, expand=True)
        imagehash.phash(turned, hash_size=16)
        imagehash.phash(turned.transpose(Image.Transpose.FLIP_LEFT_RIGHT), hash_size=16)
    _answer(_content, picture.resize((_NETWORK_SIDE, _NETWORK_SIDE)))
    if faces:
        _ages(picture)


def _ages(picture: Image.Image) -> None:
    """Find faces in the picture on a black square, and guess the age of each."""
    square = ImageOps.pad(picture, (_FINDER_SIDE, _FINDER_SIDE), centering=(0, 0))
    boxes, scores = decode(_answer(_finder, square)[0])
    for face in boxes[scores > _A_FACE] * max(picture.size):
        _answer(_age, picture.crop(tuple(face)).resize((_AGE_SIDE, _AGE_SIDE)))


def _answer(session: ort.InferenceSession, small: Image.Image) -> Any:
    return session.run(None, {session.get_inputs()[0].name: np.asarray(small)[np.newaxis]})[0]
