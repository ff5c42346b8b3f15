"""What the benchmarks look at: drawn scenes, scikit-image's photographs, chance hashes, tags."""

import io
import random
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image
from skimage import data as photographs

from classifiers import hash_bank_csv
from classifiers.hash_bank import Bank, Entry, HashType, Kind, Status
from pipeline.sandbox import scene

WIDTH, HEIGHT = 832, 1216
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
_TAGS = re.findall(
    r"\w+",
    """lighthouse sea sky clouds waves rocks seagull harbour boat rope net pier dawn mist hill grass
    flower tree forest river bridge road village roof window lamp snow mountain lake moon stars
    lantern garden fence bench cat dog bird fish train station clock bicycle rain puddle""",
)


def tags(count: int, chance: random.Random) -> str:
    """Return so many harmless tags: about two tokens each, the comma counted."""
    return ", ".join(chance.choices(_TAGS, k=count))


def request(seed: int) -> dict[str, Any]:
    """Return a request for one picture by V4.5, as NovelAI's clients send it."""
    chance = random.Random(seed)  # noqa: S311 - a sample, no secret
    prompt, negative = tags(15, chance), "lowres, blurry, jpeg artifacts"
    character = {"char_caption": tags(6, chance), "centers": [{"x": 0.5, "y": 0.5}]}
    return {
        "input": prompt,
        "model": "nai-diffusion-4-5-full",
        "action": "generate",
        "parameters": {
            "width": WIDTH,
            "height": HEIGHT,
            "steps": 23,
            "scale": 5,
            "seed": seed,
            "n_samples": 1,
            "sampler": "k_euler_ancestral",
            "negative_prompt": negative,
            "v4_prompt": {
                "caption": {"base_caption": prompt, "char_captions": [character]},
                "use_coords": False,
                "use_order": True,
            },
            "v4_negative_prompt": {
                "caption": {
                    "base_caption": negative,
                    "char_captions": [{**character, "char_caption": ""}],
                },
                "legacy_uc": False,
            },
        },
    }


def drawing(seed: int) -> bytes:
    """Draw a scene, as a PNG with a full alpha plane, as NovelAI's have one."""
    picture = Image.fromarray(scene.draw(seed, WIDTH, HEIGHT))
    picture.putalpha(255)
    return _png(picture)


def photograph() -> bytes:
    """Return a photograph as a PNG of about 1.2 MB, which is what NovelAI's pictures have."""
    picture = Image.fromarray(photographs.astronaut())  # type: ignore[no-untyped-call] # no types
    return _png(picture.resize((WIDTH, HEIGHT)))


def write_bank(path: Path, rows: int) -> None:
    """Write a bank of so many hashes that nothing has: chance bits, half PDQ and half pHash."""
    chance = random.Random(rows)  # noqa: S311 - a sample, no secret
    entries = tuple(
        Entry(
            source=path.stem,
            entry_id=str(number),
            type=HashType.PHASH_OWN if number % 2 else HashType.PDQ,
            hash=chance.randbytes(32),
            classification="",
            severity=1,
            tags=(),
            status=Status.ACTIVE,
            updated_at=NOON,
        )
        for number in range(rows)
    )
    path.write_bytes(hash_bank_csv.write(Bank(path.stem, Kind.BLOCKED, entries, NOON)))


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
