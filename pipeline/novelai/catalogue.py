"""The models that this gate serves, and what each family can do (novelai-api.md 2)."""

from dataclasses import dataclass
from enum import StrEnum

from classifiers.content import Grammar
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.wording import shown


class Family(StrEnum):
    """The generation of a model: what its requests look like."""

    V3 = "V3"
    V4 = "V4"
    V4_5 = "V4.5"
    V5 = "V5"

    @property
    def grammar(self) -> Grammar:
        """The prompt language that it reads."""
        return Grammar.V3 if self is Family.V3 else Grammar.V4

    @property
    def has_captions(self) -> bool:
        """Whether the prompt that counts is `v4_prompt`, and `input` its legacy copy."""
        return self is not Family.V3

    @property
    def characters(self) -> int:
        """How many character captions one request may hold."""
        return {Family.V3: 22, Family.V4: 6, Family.V4_5: 6, Family.V5: 22}[self]

    @property
    def noise_schedules(self) -> frozenset[str]:
        """The schedules that it knows."""
        if self is Family.V5:
            return frozenset({"karras"})
        schedules = frozenset({"karras", "exponential", "polyexponential"})
        return schedules | {"native"} if self is Family.V3 else schedules


EVERY_FAMILY = frozenset(Family)
CAPTIONED = EVERY_FAMILY - {Family.V3}


@dataclass(frozen=True, slots=True)
class Model:
    """One model, with what NovelAI's own client sends where nothing is chosen (2.4)."""

    id: str
    family: Family
    scale: float
    steps: int

    @property
    def inpaints(self) -> bool:
        """Whether it is for infill, and for nothing else."""
        return self.id.endswith(_INPAINTING)


_INPAINTING = "-inpainting"

MODELS = {
    model.id: model
    for model in (
        Model("nai-diffusion-5-full-inpainting", Family.V5, 7, 23),
        Model("nai-diffusion-4-5-full-inpainting", Family.V4_5, 5, 23),
        Model("nai-diffusion-4-5-curated-inpainting", Family.V4_5, 5, 23),
        Model("nai-diffusion-4-full-inpainting", Family.V4, 5.5, 23),
        Model("nai-diffusion-4-curated-inpainting", Family.V4, 5.5, 23),
        Model("nai-diffusion-3-inpainting", Family.V3, 5, 28),
        Model("nai-diffusion-furry-3-inpainting", Family.V3, 6.2, 28),
        Model("nai-diffusion-5-full", Family.V5, 7, 23),
        Model("nai-diffusion-5-curated", Family.V5, 7, 23),
        Model("nai-diffusion-4-5-full", Family.V4_5, 5, 23),
        Model("nai-diffusion-4-5-curated", Family.V4_5, 5, 23),
        Model("nai-diffusion-4-full", Family.V4, 5.5, 23),
        Model("nai-diffusion-4-curated-preview", Family.V4, 5.5, 23),
        Model("nai-diffusion-3", Family.V3, 5, 28),
        Model("nai-diffusion-furry-3", Family.V3, 6.2, 28),
    )
}

RETIRED = frozenset(
    {"nai-diffusion-2", "safe-diffusion", "nai-diffusion", "nai-diffusion-furry", "custom"}
    | {"stable-diffusion", "waifu-diffusion", "curated-diffusion-test", "nai-diffusion-xl"}
    | {"dalle-mini", "safe-diffusion-inpainting", "nai-diffusion-inpainting"}
    | {"furry-diffusion-inpainting"}
)


def find(model_id: object) -> Model:
    """Give the model of that id.

    Raises:
        RequestRefusedError: there is no such model, or this gate does not serve it.
    """
    if not isinstance(model_id, str):
        raise RequestRefusedError(400, "model: expected a string")
    if model_id in MODELS:
        return MODELS[model_id]
    if model_id in RETIRED:
        message = f"model: {model_id} is older than V3 and not served by this gate"
        raise RequestRefusedError(400, message)
    message = f"Validation error: model {shown(model_id)} doesn't exist"
    raise RequestRefusedError(400, message)


def most_samples(pixels: int) -> int:
    """Give how many samples of `pixels` each one request may ask for (2.4)."""
    ceilings = ((360_448, 8), (409_600, 6), (1_310_720, 4), (1_572_864, 2))
    return next((samples for area, samples in ceilings if pixels <= area), 1)
