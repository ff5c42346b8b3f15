"""A platform's program with novelai-python: `patch_novelai_python` changes its address."""
# ruff: noqa: ANN001, ANN201, ASYNC240
# Written as its users write it: without annotations, and files are written where they come.
# mypy: ignore-errors
# pyright: basic, reportMissingImports=false
# Both: the SDK is installed in an environment of its own, which no checker of ours sees.

import asyncio
import json
import os
import traceback
from pathlib import Path

from novelai_python import (
    ApiCredential,
    GenerateImageInfer,
    Login,
    NovelAiError,
    Subscription,
)
from novelai_python.sdk.ai.generate_image import Model, Sampler, UCPreset
from novelai_python.sdk.schema import ApiBaseModel
from pydantic import SecretStr
from redirect import patch_novelai_python

SCENE = "a harbour at dawn, sailing boats, lighthouse, no humans"
UNREADABLE = "ท่าเรือยามเช้า เรือใบ"

patch_novelai_python(os.environ["NOVELAI_IMAGE_BASE"])
session = ApiCredential(api_token=SecretStr(os.environ["NOVELAI_API_KEY"]))


def request(model, seed, prompt=SCENE):
    return GenerateImageInfer.build_generate(
        prompt=prompt,
        model=model,
        seed=seed,
        width=832,
        height=1216,
        sampler=Sampler.K_EULER_ANCESTRAL,
        ucPreset=UCPreset.TYPE0,
        qualityToggle=True,
    )


async def generate(name, wanted):
    answer = await wanted.request(session=session)
    for number, (_, image) in enumerate(answer.files):
        Path(f"{name}_{number}.png").write_bytes(image)


async def v3():
    await generate("v3", request(Model.NAI_DIFFUSION_3, 11))


async def v4_5():
    await generate("v4_5", request(Model.NAI_DIFFUSION_4_5_FULL, 12))


async def two():
    wanted = request(Model.NAI_DIFFUSION_4_5_FULL, 21)
    wanted.parameters.n_samples = 2
    await generate("two", wanted)


async def subscription():
    plan = await Subscription().request(session=session)
    left = plan.trainingStepsLeft
    anlas = left.fixedTrainingStepsLeft + left.purchasedTrainingSteps
    Path("subscription.json").write_text(json.dumps({"tier": plan.tier, "anlas": anlas}))


async def refusal():
    try:
        await generate("refusal", request(Model.NAI_DIFFUSION_4_5_FULL, 14, UNREADABLE))
        Path("refusal.txt").write_text("not refused")
    except NovelAiError as fault:
        Path("refusal.txt").write_text(str(fault))


async def login():
    try:
        answer = await Login.build(user_name="user@example.org", password="password").request()
        Path("login.txt").write_text(f"token of {len(answer.accessToken)} characters")
    except NovelAiError as fault:
        Path("login.txt").write_text(str(fault))


async def addresses():
    """Not what a platform does: looks whether any request would still go past the gateway."""
    kinds = ApiBaseModel.__subclasses__()
    known = {kind.__private_attributes__["_endpoint"].default for kind in kinds}
    Path("addresses.txt").write_text(" ".join(sorted(known)))


async def main():
    for check in (v3, v4_5, two, subscription, refusal, login, addresses):
        try:
            await check()
        except Exception:  # noqa: BLE001 - the others are still to be tried
            traceback.print_exc()


asyncio.run(main())
