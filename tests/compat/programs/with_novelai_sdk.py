"""A platform's program with novelai-sdk. Its address and key come from the environment."""
# ruff: noqa: ANN001, ANN003, ANN201
# Written as its users write it, without annotations.
# mypy: ignore-errors
# pyright: basic, reportMissingImports=false
# Both: the SDK is installed in an environment of its own, which no checker of ours sees.

import json
import traceback
from pathlib import Path

from novelai import NovelAI
from novelai.exceptions import NovelAIError
from novelai.types import GenerateImageParams

SCENE = "a harbour at dawn, sailing boats, lighthouse, no humans"
UNREADABLE = "ท่าเรือยามเช้า เรือใบ"

client = NovelAI()  # NOVELAI_API_KEY and NOVELAI_IMAGE_BASE


def generate(name, model, seed, prompt=SCENE, **more):
    params = GenerateImageParams(prompt=prompt, model=model, size="portrait", seed=seed, **more)
    for number, image in enumerate(client.image.generate(params)):
        image.save(f"{name}_{number}.png")


def v3():
    generate("v3", "nai-diffusion-3", 11)


def v4_5():
    generate("v4_5", "nai-diffusion-4-5-full", 12)


def v5():
    generate("v5", "nai-diffusion-5-full", 13)


def two():
    generate("two", "nai-diffusion-4-5-full", 21, n_samples=2)


def subscription():
    plan = client.user.get_subscription()
    Path("subscription.json").write_text(json.dumps({"tier": plan.tier, "anlas": plan.anlas}))


def refusal():
    try:
        generate("refusal", "nai-diffusion-4-5-full", 14, UNREADABLE)
        Path("refusal.txt").write_text("not refused")
    except NovelAIError as fault:
        Path("refusal.txt").write_text(str(fault))


for check in (v3, v4_5, v5, two, subscription, refusal):
    try:
        check()
    except Exception:  # noqa: BLE001 - the others are still to be tried
        traceback.print_exc()
