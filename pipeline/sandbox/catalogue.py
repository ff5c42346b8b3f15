"""The models that exist, and the limits that go with them (reference sections 2.1 to 2.4)."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final


class Family(IntEnum):
    """Model generations, oldest first, so that `family >= Family.V4` reads as it should."""

    V1 = 10
    V2 = 20
    V3 = 30
    V4 = 40
    V4_5 = 45
    V5 = 50


class Action(StrEnum):
    """What is done."""

    GENERATE = "generate"
    IMG2IMG = "img2img"
    INFILL = "infill"


@dataclass(frozen=True, slots=True)
class Model:
    """One model id, its generation, and what it writes into a picture's `Source`."""

    id: str
    family: Family
    source: str

    @property
    def inpaints(self) -> bool:
        """Whether the model may be asked for `infill`."""
        return self.id.endswith("-inpainting")


_SDXL = "Stable Diffusion XL C1E1DE52"
_V4 = "NovelAI Diffusion V4 37442FCA"
_V4_5 = "NovelAI Diffusion V4.5 4BDE2A90"
_OLD = "Stable Diffusion"  # the reference names no source for V1 and V2

_ALL: Final = (
    Model("nai-diffusion-5-full", Family.V5, "NovelAI Diffusion V5 0ADF9AB7"),
    Model("nai-diffusion-5-curated", Family.V5, "NovelAI Diffusion V5 DB276663"),
    Model("nai-diffusion-5-full-inpainting", Family.V5, "NovelAI Diffusion V5 0ADF9AB7"),
    Model("nai-diffusion-4-5-full", Family.V4_5, _V4_5),
    Model("nai-diffusion-4-5-full-inpainting", Family.V4_5, _V4_5),
    Model("nai-diffusion-4-5-curated", Family.V4_5, _V4_5),
    Model("nai-diffusion-4-5-curated-inpainting", Family.V4_5, _V4_5),
    Model("nai-diffusion-4-full", Family.V4, _V4),
    Model("nai-diffusion-4-full-inpainting", Family.V4, _V4),
    Model("nai-diffusion-4-curated-preview", Family.V4, _V4),
    Model("nai-diffusion-4-curated-inpainting", Family.V4, _V4),
    Model("nai-diffusion-3", Family.V3, _SDXL),
    Model("nai-diffusion-3-inpainting", Family.V3, _SDXL),
    Model("nai-diffusion-furry-3", Family.V3, _SDXL),
    Model("nai-diffusion-furry-3-inpainting", Family.V3, _SDXL),
    Model("nai-diffusion-2", Family.V2, _OLD),
    Model("safe-diffusion", Family.V1, _OLD),
    Model("safe-diffusion-inpainting", Family.V1, _OLD),
    Model("nai-diffusion", Family.V1, _OLD),
    Model("nai-diffusion-inpainting", Family.V1, _OLD),
    Model("nai-diffusion-furry", Family.V1, _OLD),
    Model("furry-diffusion-inpainting", Family.V1, _OLD),
)
MODELS: Final = {model.id: model for model in _ALL}

SAMPLERS: Final = frozenset(
    {
        "k_euler",
        "k_euler_ancestral",
        "k_dpmpp_2s_ancestral",
        "k_dpmpp_2m",
        "k_dpmpp_2m_sde",
        "k_dpmpp_sde",
        "ddim",
        "ddim_v3",
        "k_dpm_2",
        "k_dpm_2_ancestral",
        "k_lms",
        "plms",
        "k_dpm_fast",
        "k_dpm_adaptive",
        "k_dpmpp_3m_sde",
        "k_heun",
        "nai_smea",
        "nai_smea_dyn",
    }
)
SCHEDULES: Final = frozenset({"native", "karras", "exponential", "polyexponential"})

SIDE_STEP: Final = 64
MOST_PIXELS: Final = 3_145_728
MOST_CHARACTERS_V4: Final = 6
REFERENCE_CANVASES: Final = frozenset({(1024, 1536), (1536, 1024), (1472, 1472)})
_SAMPLES_BY_AREA: Final = (
    (360_448, 8),
    (409_600, 6),
    (1_310_720, 4),
    (1_572_864, 2),
    (MOST_PIXELS, 1),
)


def most_samples(pixels: int) -> int:
    """How many pictures of so many pixels one request may ask for; 0 if they are too large."""
    return next((most for area, most in _SAMPLES_BY_AREA if pixels <= area), 0)


def steepest_scale(family: Family) -> float:
    """The highest guidance `scale` a model generation takes."""
    return 25.0 if family <= Family.V2 else 10.0
