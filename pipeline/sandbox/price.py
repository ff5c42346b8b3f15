"""What a generation costs, in Anlas (reference section 2.7)."""

from math import ceil
from typing import Final

from pipeline.sandbox.catalogue import Family
from pipeline.sandbox.job import Job

_PER_PIXEL: Final = 2.951823174884865e-6
_PER_PIXEL_STEP: Final = 5.753298233447344e-7
_FEWEST_PIXELS, _LEAST = 65_536, 2
_FREE_PIXELS, _FREE_STEPS = 1_048_576, 28
_PER_REFERENCE, _PER_EXTRA_VIBE, _VIBES_INCLUDED = 5, 2, 4


def may_be_free(job: Job) -> bool:
    """Whether an Opus account gets the first picture for nothing."""
    return _pixels(job) <= _FREE_PIXELS and job.dials.steps <= _FREE_STEPS


def per_picture(job: Job) -> int:
    """What one picture costs."""
    pixels = _pixels(job)
    base = ceil(_PER_PIXEL * pixels + _PER_PIXEL_STEP * pixels * job.dials.steps)
    return max(ceil(base * _multiplier(job) * job.dials.strength), _LEAST)


def total(job: Job, *, first_is_free: bool) -> int:
    """What the whole request costs."""
    billable = job.samples - 1 if first_is_free else job.samples
    references = _PER_REFERENCE * job.references.precise * job.samples
    vibes = _PER_EXTRA_VIBE * max(job.references.vibes - _VIBES_INCLUDED, 0)
    return per_picture(job) * billable + references + vibes


def _pixels(job: Job) -> int:
    return max(job.width * job.height, _FEWEST_PIXELS)


def _multiplier(job: Job) -> float:
    if job.dials.smea_dynamic:
        return 1.4
    if job.dials.smea:
        return 1.2
    return 1.5 if job.model.family is Family.V5 else 1.0
