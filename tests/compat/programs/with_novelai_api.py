"""A platform's program with novelai-api, which needs `patch_novelai_api` to change its address."""
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

from aiohttp import ClientSession
from novelai_api import NovelAIAPI, NovelAIError
from novelai_api.ImagePreset import ImageModel, ImagePreset, ImageResolution
from redirect import patch_novelai_api

SCENE = "a harbour at dawn, sailing boats, lighthouse, no humans"
UNREADABLE = "ท่าเรือยามเช้า เรือใบ"

patch_novelai_api(os.environ["NOVELAI_IMAGE_BASE"])


async def generate(api, name, preset, model, prompt=SCENE):
    preset.resolution = ImageResolution.Normal_Portrait_v3
    number = 0
    async for _, image in api.high_level.generate_image(prompt, model, preset):
        Path(f"{name}_{number}.png").write_bytes(image)
        number += 1


async def v3(api):
    preset = ImagePreset.from_v3_config()
    preset.seed = 11
    await generate(api, "v3", preset, ImageModel.Anime_v3)


async def v4_5(api):
    preset = ImagePreset.from_v45_config()
    preset.seed = 12
    await generate(api, "v4_5", preset, ImageModel.Anime_v45_Full)


async def two(api):
    preset = ImagePreset.from_v45_config()
    preset.seed, preset.n_samples = 21, 2
    await generate(api, "two", preset, ImageModel.Anime_v45_Full)


async def subscription(api):
    plan = await api.low_level.get_subscription()
    anlas = sum(plan["trainingStepsLeft"].values())
    Path("subscription.json").write_text(json.dumps({"tier": plan["tier"], "anlas": anlas}))


async def refusal(api):
    preset = ImagePreset.from_v45_config()
    preset.seed = 14
    try:
        await generate(api, "refusal", preset, ImageModel.Anime_v45_Full, UNREADABLE)
        Path("refusal.txt").write_text("not refused")
    except NovelAIError as fault:
        Path("refusal.txt").write_text(str(fault))


async def login(_):
    async with ClientSession() as session:
        try:
            token = await NovelAIAPI(session).high_level.login("user@example.org", "password")
            Path("login.txt").write_text(f"token of {len(token)} characters")
        except NovelAIError as fault:
            Path("login.txt").write_text(str(fault))


async def main():
    async with ClientSession() as session:
        api = NovelAIAPI(session)
        await api.high_level.login_with_token(os.environ["NOVELAI_API_KEY"])
        for check in (v3, v4_5, two, subscription, refusal, login):
            try:
                await check(api)
            except Exception:  # noqa: BLE001 - the others are still to be tried
                traceback.print_exc()


asyncio.run(main())
