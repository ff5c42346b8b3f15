"""Says about a picture what NovelAI's metadata says: the request, as it was carried out."""

from pipeline.sandbox.catalogue import Action, Family
from pipeline.sandbox.job import Job
from pipeline.sandbox.prompts import Caption
from pipeline.sandbox.stamp import Label

_REQUEST_TYPES = {
    Action.GENERATE: "PromptGenerateRequest",
    Action.IMG2IMG: "Img2ImgRequest",
    Action.INFILL: "NativeInfillingRequest",
}


def label(job: Job, index: int, prompt: Caption) -> Label:
    """What is written into the picture `index` of a job, if `prompt` is what it was drawn from."""
    return Label(prompt.base, job.model.source, _comment(job, job.seed_of(index), prompt))


def _comment(job: Job, seed: int, prompt: Caption) -> dict[str, object]:
    dials = job.dials
    comment: dict[str, object] = {
        "prompt": prompt.base,
        "steps": dials.steps,
        "height": job.height,
        "width": job.width,
        "scale": dials.scale,
        "uncond_scale": dials.uncond_scale,
        "cfg_rescale": dials.cfg_rescale,
        "seed": seed,
        "n_samples": job.samples,
        "noise_schedule": dials.schedule,
        "legacy_v3_extend": False,
        "reference_information_extracted_multiple": list(job.references.vibe_information),
        "reference_strength_multiple": list(job.references.vibe_strengths),
    }
    if job.model.family >= Family.V4:
        comment |= _captions(job, prompt)
    if any(caption.is_random for caption in (prompt, job.negative)):
        comment["actual_prompts"] = {
            "prompt": prompt.realised(seed).told(),
            "negative_prompt": job.negative.realised(seed).told(),
        }
    return comment | {
        "sampler": dials.sampler,
        "controlnet_strength": 1.0,
        "controlnet_model": None,
        "dynamic_thresholding": False,
        "sm": dials.smea,
        "sm_dyn": dials.smea_dynamic,
        **({} if job.action is Action.GENERATE else _source(job)),
        "prefer_brownian": True,
        "stream": None,
        "version": 1,
        "uc": job.negative.base,
        "request_type": _REQUEST_TYPES[job.action],
    }


def _captions(job: Job, prompt: Caption) -> dict[str, object]:
    return {
        "v4_prompt": {
            "caption": prompt.told(),
            "use_coords": False,
            "use_order": True,
            "legacy_uc": False,
        },
        "v4_negative_prompt": {
            "caption": job.negative.told(),
            "use_coords": False,
            "use_order": False,
            "legacy_uc": False,
        },
    }


def _source(job: Job) -> dict[str, object]:
    return {"strength": job.dials.strength, "noise": job.dials.noise}
