import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.registry import open_model
from classifiers.training.reference import input_of

VECTORS = Path(__file__).parents[2] / "vectors" / "models"
NAMES = ("nsfw_mobilenet_v2", "tiny_face_detector", "face_age")
NEAR = 5e-4


def cases() -> list[Any]:
    """Every recorded answer of an original, with the name of the model."""
    found: list[Any] = []
    for name in NAMES:
        vector = json.loads((VECTORS / f"{name}.json").read_bytes())
        for number, case in enumerate(vector["cases"]):
            found.append(pytest.param(name, vector["every"], case, id=f"{name}-{number}"))
    return found


@pytest.mark.parametrize(("name", "every", "case"), cases())
def test_the_conversion_answers_as_the_original_did(
    name: str, every: int, case: dict[str, Any]
) -> None:
    """Published accuracy and licence belong to the original: ours must be that very network."""
    pixels = input_of(case["input"])
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == case["sha256"]

    answer = open_model(name).answer(pixels[np.newaxis]).reshape(-1)[::every]

    assert len(answer) == len(case["answer"])
    assert np.abs(answer - np.asarray(case["answer"])).max() < NEAR
