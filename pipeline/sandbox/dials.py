"""The numbers and switches of a request, each within what its model takes (section 2.4)."""

from dataclasses import dataclass

from pipeline.sandbox import fields
from pipeline.sandbox.catalogue import SAMPLERS, SCHEDULES, Action, Family, steepest_scale
from pipeline.sandbox.errors import broken
from pipeline.sandbox.fields import Fields


@dataclass(frozen=True, slots=True)
class Dials:
    """The numbers and switches of a request that the picture's metadata repeats."""

    steps: int
    scale: float
    uncond_scale: float
    cfg_rescale: float
    sampler: str
    schedule: str
    smea: bool
    smea_dynamic: bool
    strength: float
    noise: float


def read(parameters: Fields, family: Family, action: Action) -> Dials:
    """Read and check them.

    Raises:
        RefusedError: 400 with its reason, or 500 for SMEA on a model that has none.
    """
    smea, dynamic = fields.flag(parameters, "sm"), fields.flag(parameters, "sm_dyn")
    if (smea or dynamic) and family >= Family.V4_5:
        raise broken()
    force = "inpaintImg2ImgStrength" if action is Action.INFILL else "strength"
    return Dials(
        steps=fields.whole(parameters, "steps", 28, 1, 50),
        scale=fields.real(parameters, "scale", 5.0, 0, steepest_scale(family)),
        uncond_scale=fields.real(parameters, "uncond_scale", 0.0, 0, 1.5),
        cfg_rescale=fields.real(parameters, "cfg_rescale", 0.0, 0, 1),
        sampler=fields.choice(parameters, "sampler", "k_euler_ancestral", SAMPLERS),
        schedule=_schedule(parameters, family),
        smea=smea,
        smea_dynamic=dynamic,
        strength=1.0 if action is Action.GENERATE else fields.real(parameters, force, 1.0, 0, 1),
        noise=fields.real(parameters, "noise", 0.0, 0, 1),
    )


def _schedule(parameters: Fields, family: Family) -> str:
    known = {"karras"} if family is Family.V5 else SCHEDULES
    if Family.V4 <= family < Family.V5:
        known = SCHEDULES - {"native"}
    return fields.choice(parameters, "noise_schedule", "karras", known)
