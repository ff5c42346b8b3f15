"""What the stand-ins for self-hosted engines share: what is there, what goes wrong, pictures."""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipeline.sandbox import png, scene

HARBOUR = sha256(b"the checkpoint of the sandbox").hexdigest()
LORA = sha256(b"a network of the sandbox").hexdigest()
_MOST_SEED = 2**32


class EngineFault(StrEnum):
    """What can go wrong with an engine."""

    ANOTHERS = "anothers-picture"
    """It answers with what somebody else asked for."""
    RELABELLED = "relabelled-picture"
    """Its info tells of this request, and the picture of another."""
    NONE = "no-picture"
    HTML = "html"
    BROKEN = "500"
    SLOW = "slow"
    """Half a minute passes before the answer."""
    WRONG_SIZE = "wrong-size"
    OTHER_MODEL = "other-model"
    CORRUPT = "corrupt-picture"


@dataclass(slots=True)
class Loaded:
    """What the engine has, as its folders would say; a test may put more there."""

    checkpoints: dict[str, str] = field(default_factory=lambda: {"harbour": HARBOUR})
    loras: dict[str, str] = field(default_factory=lambda: {"lighthouse": LORA})
    embeddings: list[str] = field(default_factory=list[str])
    extensions: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Engine:
    """One engine: what it has, how it is to fail, and what it was asked."""

    loaded: Loaded = field(default_factory=Loaded)
    armed: deque[EngineFault] = field(default_factory=deque[EngineFault])
    calls: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    """What came for each generation, whatever became of it."""

    def came(self, asked: Mapping[str, Any]) -> EngineFault | None:
        """Note a generation, and return what is to go wrong with it."""
        self.calls.append(asked)
        return self.armed.popleft() if self.armed else None

    async def arm(self, request: Request) -> Response:
        """Let the next generations fail: `{"fault": "...", "times": 1}`."""
        asked = json.loads(await request.body())
        try:
            fault = EngineFault(asked["fault"])
        except ValueError:
            return JSONResponse({"error": f"expected one of {', '.join(EngineFault)}"}, 400)
        self.armed.extend([fault] * asked.get("times", 1))
        return JSONResponse({"fault": fault})

    async def told(self, _request: Request) -> Response:
        """Tell of the generations that were asked for."""
        return JSONResponse({"count": len(self.calls), "calls": self.calls})


def picture(seed: int, size: tuple[int, int], texts: Mapping[str, str]) -> bytes:
    """Draw a harmless scene, and write texts into its file."""
    colours = scene.draw(seed % _MOST_SEED, *size)
    solid = np.full((*colours.shape[:2], 1), 255, np.uint8)
    return png.write(np.concatenate((colours, solid), axis=2), texts)
