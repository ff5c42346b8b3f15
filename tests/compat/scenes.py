"""The sandbox's pictures: the same seed and size always give the same pixels, on every model."""

import base64
import io
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from classifiers import canonical, content, hash_bank, hash_bank_csv, perceptual
from tests.compat.servers import Served

WIDTH, HEIGHT = 832, 1216
_SOURCE_SEED = 41
_LISTED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def colours(file: bytes) -> NDArray[np.uint8]:
    """Return a picture's colours, height x width x 3; its transparency is not looked at."""
    with Image.open(io.BytesIO(file)) as picture:
        return np.asarray(picture.convert("RGBA"))[:, :, :3]


@lru_cache
def picture_of(sandbox: Served, seed: int) -> bytes:
    """Return the file that the sandbox makes of a seed."""
    body = {"input": "a harbour", "model": "nai-diffusion-3", "action": "generate"}
    answer = httpx.post(
        f"{sandbox.base}/ai/generate-image",
        json=body | {"parameters": {"width": WIDTH, "height": HEIGHT, "seed": seed}},
        headers={"Authorization": f"Bearer {sandbox.key}", "Accept": "application/json"},
        timeout=60,
    )
    answer.raise_for_status()
    (image,) = answer.json()["images"]
    return base64.b64decode(image["image"])


def lay_out(folder: Path, sandbox: Served) -> None:
    """Put what features start from into a folder: a scene, and a mask of its middle."""
    (folder / "source.png").write_bytes(picture_of(sandbox, _SOURCE_SEED))
    mask = Image.new("RGB", (WIDTH, HEIGHT))
    mask.paste((255, 255, 255), (WIDTH // 4, HEIGHT // 4, WIDTH * 3 // 4, HEIGHT * 3 // 4))
    mask.save(folder / "mask.png")


def list_as_blocked(file: bytes, bank: Path) -> None:
    """Write a bank with one picture in it, by its looks: SDKs write texts of their own into it."""
    seen = canonical.read(content.Image("output", 0, content.Purpose.OUTPUT, file))
    hashed = perceptual.hashes_of(seen)[0]
    if not isinstance(hashed, perceptual.Hashed):
        message = f"picture to list: expected one that can be hashed, got quality {hashed.quality}"
        raise TypeError(message)
    entry = hash_bank.Entry(
        source=bank.stem,
        entry_id="one",
        type=hash_bank.HashType.PDQ,
        hash=hashed.pdq[0].tobytes(),
        classification="",
        severity=1,
        tags=(),
        status=hash_bank.Status.ACTIVE,
        updated_at=_LISTED_AT,
    )
    listed = hash_bank.Bank(bank.stem, hash_bank.Kind.BLOCKED, (entry,), _LISTED_AT)
    bank.write_bytes(hash_bank_csv.write(listed))
