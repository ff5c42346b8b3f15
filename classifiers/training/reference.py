"""Makes the inputs on which a published model and our conversion of it are compared.

A recipe cuts a benign picture of scikit-image, or takes `registry.known_picture`; nothing is
resized or drawn by a library, so that the pixels are the same everywhere. To record the originals'
answers anew, unpack both npm packages beside `npm install @tensorflow/tfjs@4`, then

    python -m classifiers.training.reference tests/vectors/models FOLDER
    node classifiers/training/reference.js tests/vectors/models FOLDER

The first writes the raw inputs into FOLDER, the second the answers into the vectors.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
from numpy.typing import NDArray

from classifiers.registry import known_picture


def input_of(recipe: Mapping[str, Any]) -> NDArray[np.uint8]:
    """Make the picture of `recipe`, size x size x 3, uint8 RGB."""
    if recipe["picture"] == "known":
        return known_picture(int(recipe["size"]), int(recipe["size"]))
    rows, columns = slice(*recipe["rows"]), slice(*recipe["columns"])
    return np.ascontiguousarray(benign(recipe["picture"])[rows, columns])


def benign(name: str) -> NDArray[np.uint8]:
    """Give one of scikit-image's pictures, height x width x 3, uint8 RGB."""
    picture: NDArray[np.uint8] = getattr(skimage.data, name)()
    return picture if picture.ndim > 2 else np.stack([picture] * 3, axis=-1)  # noqa: PLR2004  # grey


if __name__ == "__main__":
    for path in sorted(Path(sys.argv[1]).glob("*.json")):
        for number, case in enumerate(json.loads(path.read_bytes())["cases"]):
            target = Path(sys.argv[2]) / f"{path.stem}.{number}"
            target.write_bytes(input_of(case["input"]).tobytes())
