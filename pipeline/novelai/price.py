"""What a generation costs, in Anlas (novelai-api.md 2.7).

There is no price endpoint, so the cost is computed as NovelAI's clients do. On V5 the figures are
estimates: reconcile them with the balance.
"""

import math
from dataclasses import dataclass

from pipeline.items import Json, Operation, Work, engine_of
from pipeline.novelai.catalogue import MODELS, Family
from pipeline.novelai.relations import MOST_PIXELS
from pipeline.novelai.tools import BACKGROUND_REMOVAL, UPSCALED_BY

_LEAST_PIXELS = 65_536
_PER_PIXEL = 2.951823174884865e-6
_PER_PIXEL_STEP = 5.753298233447344e-7
_FREE_PIXELS = 1_048_576
_FREE_STEPS = 28
_LEAST = 2
_PER_REFERENCE, _PER_EXTRA_VIBE, _VIBES_INCLUDED = 5, 2, 4
_PER_ENCODING = 2
_UPSCALES = ((1_048_576, 1), (1_747_627, 2), (2_446_678, 3), (math.inf, 4))
"""What upscaling costs by the pixels that go in; more than the last bound nobody may send."""
_FORCE = {"img2img": "strength", "infill": "inpaintImg2ImgStrength"}
"""What says how much is drawn anew, and so how much is paid."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the account that pays is entitled to."""

    opus: bool = False
    """Whether it has an active subscription of tier 3."""
    meter_spent: bool = False
    """Whether its free use of V5 is used up (`usage.isNegative`)."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one request costs, in Anlas."""

    per_image: int
    billable: int
    """How many of its samples are paid for."""
    references: int = 0
    """What its reference pictures cost: these are never free."""

    @property
    def total(self) -> int:
        """What the account is charged."""
        return self.per_image * self.billable + self.references


def quote(work: Work, plan: Plan) -> Price:
    """Give the price of `work` on an account with `plan`; an engine of one's own costs no Anlas."""
    if engine_of(work.model) is not None:
        return Price(0, work.samples)
    match work.operation:
        case Operation.GENERATE:
            return _generation(work, plan)
        case Operation.AUGMENT:
            return _tool(work, plan)
        case Operation.ENCODE_VIBE:
            return Price(_PER_ENCODING, 1)
        case Operation.UPSCALE:
            pixels = work.width * work.height // UPSCALED_BY**2
            return Price(next(cost for most, cost in _UPSCALES if pixels <= most), 1)


def where_included(work: Work) -> tuple[int, int]:
    """Give what `work` costs an account whose plan includes generations: at least, and at most.

    They differ where NovelAI has a meter for what it includes: of V5.
    """
    plans = (Plan(opus=True), Plan(opus=True, meter_spent=True))
    return quote(work, plans[0]).total, quote(work, plans[1]).total


def _tool(work: Work, plan: Plan) -> Price:
    """Price a director tool: as a V3 picture of its area, within bounds."""
    pixels = min(max(work.width * work.height, _FREE_PIXELS), MOST_PIXELS)
    base = math.ceil(_PER_PIXEL * pixels + _PER_PIXEL_STEP * pixels * _FREE_STEPS)
    if work.model == BACKGROUND_REMOVAL:
        return Price(3 * base + 5, 1)
    return Price(base, 0 if plan.opus and pixels <= _FREE_PIXELS else 1)


def _generation(work: Work, plan: Plan) -> Price:
    parameters = work.body["parameters"]
    given = parameters if isinstance(parameters, dict) else {}
    steps = _number(given.get("steps"), MODELS[work.model].steps)
    pixels = max(work.width * work.height, _LEAST_PIXELS)
    base = math.ceil(_PER_PIXEL * pixels + _PER_PIXEL_STEP * pixels * steps)
    strength = _number(given.get(_FORCE.get(str(work.body.get("action")), "")), 1)
    per_image = max(math.ceil(base * _multiplier(work.model, given) * strength), _LEAST)
    free = _is_free(work, plan, pixels, steps)
    billable = work.samples - 1 if free else work.samples
    return Price(per_image, billable, _references(work))


def _references(work: Work) -> int:
    """Give what precise references cost, each for each sample, and vibes beyond the first few."""
    carriers = [image.carrier for image in work.images]
    precise = carriers.count("parameters.director_reference_images")
    vibes = carriers.count("parameters.reference_image_multiple") + len(work.encodings)
    more = max(vibes - _VIBES_INCLUDED, 0)
    return _PER_REFERENCE * precise * work.samples + _PER_EXTRA_VIBE * more


def _multiplier(model: str, parameters: dict[str, Json]) -> float:
    if MODELS[model].family is Family.V5:
        return 1.5
    if parameters.get("sm_dyn") is True:
        return 1.4
    return 1.2 if parameters.get("sm") is True else 1


def _is_free(work: Work, plan: Plan, pixels: int, steps: float) -> bool:
    """Whether the first picture costs nothing."""
    if not plan.opus or pixels > _FREE_PIXELS or steps > _FREE_STEPS:
        return False
    return MODELS[work.model].family is not Family.V5 or not plan.meter_spent


def _number(value: Json, default: float) -> float:
    return value if isinstance(value, int | float) else default
