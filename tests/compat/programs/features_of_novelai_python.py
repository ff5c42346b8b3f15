"""Every image feature of novelai-python, each tried alone: pictures, or why it was refused."""
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

from curl_cffi.requests import AsyncSession
from novelai_python import (
    ApiCredential,
    AugmentImageInfer,
    GenerateImageInfer,
    SuggestTags,
    Upscale,
)
from novelai_python.sdk.ai.augment_image import Moods, ReqType
from novelai_python.sdk.ai.generate_image import Character, Model
from pydantic import SecretStr
from redirect import patch_novelai_python

SCENE = "a harbour at dawn, sailing boats, lighthouse, no humans"
SOURCE, MASK = Path("source.png").read_bytes(), Path("mask.png").read_bytes()
V3, V4, V4_5 = Model.NAI_DIFFUSION_3, Model.NAI_DIFFUSION_4_FULL, Model.NAI_DIFFUSION_4_5_FULL
SIZE = {"width": 832, "height": 1216}

patch_novelai_python(os.environ["NOVELAI_IMAGE_BASE"])
session = ApiCredential(api_token=SecretStr(os.environ["NOVELAI_API_KEY"]))


async def save(name, wanted):
    answer = await wanted.request(session=session)
    files = answer.files if isinstance(answer.files, list) else [answer.files]
    for number, (_, image) in enumerate(files):
        Path(f"{name}_{number}.png").write_bytes(image)


async def img2img():
    wanted = GenerateImageInfer.build_img2img(
        SCENE, model=V4_5, image=SOURCE, strength=0.5, noise=0, seed=31, **SIZE
    )
    await save("img2img", wanted)


async def infill():
    wanted = GenerateImageInfer.build_infill(
        SCENE,
        model=Model.NAI_DIFFUSION_4_5_FULL_INPAINTING,
        image=SOURCE,
        mask=MASK,
        seed=31,
        **SIZE,
    )
    await save("infill", wanted)


async def characters():
    boats = [Character.build("a white sailing boat"), Character.build("a red sailing boat")]
    wanted = GenerateImageInfer.build_generate(
        SCENE, model=V4_5, seed=31, character_prompts=boats, **SIZE
    )
    await save("characters", wanted)


def with_reference(model):
    return GenerateImageInfer.build_generate(
        SCENE,
        model=model,
        seed=31,
        reference_image_multiple=[SOURCE],
        reference_strength_multiple=[0.6],
        reference_information_extracted_multiple=[1],
        **SIZE,
    )


async def references():
    await save("references", with_reference(V3))


async def vibes():
    await save("vibes", with_reference(V4))  # on V4.5 it leaves references out and says nothing


async def lineart():
    await save("lineart", AugmentImageInfer.build(SOURCE, ReqType.LINEART))


async def declutter():
    await save("declutter", AugmentImageInfer.build(SOURCE, ReqType.DECLUTTER))


async def background():
    await save("background", AugmentImageInfer.build(SOURCE, ReqType.BG_REMOVAL))


async def emotion():
    wanted = AugmentImageInfer.build(SOURCE, ReqType.EMOTION, mood=Moods.Happy, prompt="")
    await save("emotion", wanted)


async def upscale():
    await save("upscale", Upscale(image=SOURCE, scale=2))


async def tags():
    headers = {"Authorization": f"Bearer {os.environ['NOVELAI_API_KEY']}"}
    async with AsyncSession(headers=headers) as plain:  # it takes no credential here
        found = await SuggestTags(model=V4_5, prompt="harb").request(session=plain)
    Path("tags.json").write_text(json.dumps([each.tag for each in found.tags]))


async def main():
    for feature in (
        img2img,
        infill,
        characters,
        references,
        vibes,
        lineart,
        declutter,
        background,
        emotion,
        upscale,
        tags,
    ):
        try:
            await feature()
        except Exception as fault:  # noqa: BLE001 - the others are still to be tried
            traceback.print_exc()
            Path(f"{feature.__name__}.refused").write_text(str(fault))


asyncio.run(main())
