"""Every image feature of novelai-api, each tried alone: pictures, or why it was refused."""
# ruff: noqa: ANN001, ANN003, ANN201, ASYNC240
# Written as its users write it: without annotations, and files are written where they come.
# mypy: ignore-errors
# pyright: basic, reportMissingImports=false
# Both: the SDK is installed in an environment of its own, which no checker of ours sees.

import asyncio
import base64
import json
import os
import traceback
from pathlib import Path

from aiohttp import ClientSession
from novelai_api import NovelAIAPI
from novelai_api.DirectorToolsPreset import DirectorToolsPreset
from novelai_api.ImagePreset import (
    ImageGenerationType,
    ImageModel,
    ImagePreset,
    ImageResolution,
)
from redirect import patch_novelai_api

SCENE = "a harbour at dawn, sailing boats, lighthouse, no humans"
SOURCE = base64.b64encode(Path("source.png").read_bytes()).decode()
MASK = base64.b64encode(Path("mask.png").read_bytes()).decode()
WIDTH, HEIGHT = 832, 1216
V3, V4_5 = ImageModel.Anime_v3, ImageModel.Anime_v45_Full

patch_novelai_api(os.environ["NOVELAI_IMAGE_BASE"])


async def generate(api, name, preset, model=V4_5, action=ImageGenerationType.NORMAL):
    preset.resolution, preset.seed = ImageResolution.Normal_Portrait_v3, 31
    number = 0
    async for _, image in api.high_level.generate_image(SCENE, model, preset, action):
        Path(f"{name}_{number}.png").write_bytes(image)
        number += 1


async def save(name, pictures):
    """A tool answers one picture, or a list of them."""
    several = pictures if isinstance(pictures, list) else [pictures]
    for number, (_, image) in enumerate(several):
        Path(f"{name}_{number}.png").write_bytes(image)


async def img2img(api):
    preset = ImagePreset.from_v45_config()
    preset.image, preset.strength, preset.noise = SOURCE, 0.5, 0.0
    await generate(api, "img2img", preset, action=ImageGenerationType.IMG2IMG)


async def infill(api):
    preset = ImagePreset.from_v4_config()
    preset.image, preset.mask, preset.add_original_image = SOURCE, MASK, True
    model = ImageModel.Inpainting_Anime_v4_Full  # it knows none of V4.5
    await generate(api, "infill", preset, model, ImageGenerationType.INPAINTING)


async def characters(api):
    preset = ImagePreset.from_v45_config()
    preset.characters = [
        {"prompt": "a white sailing boat", "position": "B3"},
        {"prompt": "a red sailing boat", "position": "D3"},
    ]
    await generate(api, "characters", preset)


async def references(api):
    preset = ImagePreset.from_v3_config()
    preset.reference_image_multiple = [SOURCE]
    preset.reference_information_extracted_multiple = [1.0]
    preset.reference_strength_multiple = [0.6]
    await generate(api, "references", preset, V3)


async def vibes(api):
    encoded = await api.high_level.encode_vibe(SOURCE, V4_5, 1.0)
    preset = ImagePreset.from_v45_config()
    preset.reference_image_multiple = [encoded]
    preset.reference_information_extracted_multiple = [1.0]
    preset.reference_strength_multiple = [0.6]
    await generate(api, "vibes", preset)


def tool(**more):
    return DirectorToolsPreset(height=HEIGHT, width=WIDTH, image=SOURCE, **more)


async def lineart(api):
    await save("lineart", await api.high_level.line_art(tool()))


async def declutter(api):
    await save("declutter", await api.high_level.declutter(tool()))


async def background(api):
    await save("background", await api.high_level.remove_background(tool()))


async def emotion(api):
    await save("emotion", await api.high_level.emotion(tool(emotion="happy")))


async def upscale(api):
    await save("upscale", await api.low_level.upscale_image(SOURCE, WIDTH, HEIGHT, 2))


async def tags(api):
    found = await api.low_level.suggest_tags("harb", V4_5)
    Path("tags.json").write_text(json.dumps([each["tag"] for each in found["tags"]]))


async def main():
    async with ClientSession() as session:
        api = NovelAIAPI(session)
        await api.high_level.login_with_token(os.environ["NOVELAI_API_KEY"])
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
                await feature(api)
            except Exception as fault:  # noqa: BLE001 - the others are still to be tried
                traceback.print_exc()
                Path(f"{feature.__name__}.refused").write_text(str(fault))


asyncio.run(main())
