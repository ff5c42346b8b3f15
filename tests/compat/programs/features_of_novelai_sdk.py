"""Every image feature of novelai-sdk, each tried alone: pictures, or why it was refused."""
# ruff: noqa: ANN001, ANN003, ANN201
# Written as its users write it, without annotations.
# mypy: ignore-errors
# pyright: basic, reportMissingImports=false
# Both: the SDK is installed in an environment of its own, which no checker of ours sees.

import base64
import io
import json
import traceback
from pathlib import Path

from novelai import NovelAI
from novelai.types import (
    Character,
    CharacterReference,
    ControlNet,
    ControlNetImage,
    GenerateImageParams,
    GenerateImageStreamParams,
    I2iParams,
    InpaintParams,
    SuggestTagsParams,
    UpscaleParams,
)
from PIL import Image

SCENE = "a harbour at dawn, sailing boats, lighthouse, no humans"
V4_5 = "nai-diffusion-4-5-full"
SOURCE, MASK = Path("source.png"), Path("mask.png")

client = NovelAI()  # NOVELAI_API_KEY and NOVELAI_IMAGE_BASE


def save(name, images):
    for number, image in enumerate(images):
        image.save(f"{name}_{number}.png")


def generate(name, **more):
    params = GenerateImageParams(prompt=SCENE, model=V4_5, size="portrait", seed=31, **more)
    save(name, client.image.generate(params))


def img2img():
    generate("img2img", i2i=I2iParams(image=SOURCE, strength=0.5, seed=3))


def infill():
    generate("infill", inpaint=InpaintParams(image=SOURCE, mask=MASK, seed=3))


def characters():
    boats = [
        Character(prompt="a white sailing boat", position="B3"),
        Character(prompt="a red sailing boat", position="D3"),
    ]
    generate("characters", characters=boats)


def vibes():
    generate("vibes", controlnet=ControlNet(images=[ControlNetImage(image=SOURCE)]))


def precise():
    generate("precise", character_references=[CharacterReference(image=SOURCE, type="style")])


def webp():
    generate("webp", image_format="webp")


def stream():
    params = GenerateImageStreamParams(prompt=SCENE, model=V4_5, size="portrait", seed=31)
    chunks = [each for each in client.image.generate_stream(params) if each.event_type == "final"]
    save("stream", [Image.open(io.BytesIO(base64.b64decode(each.image))) for each in chunks])


def lineart():
    save("lineart", client.tools.line_art(SOURCE))


def declutter():
    save("declutter", client.tools.declutter(SOURCE))


def background():
    save("background", client.tools.remove_background(SOURCE))


def emotion():
    save("emotion", client.tools.emotion(SOURCE, "happy"))


def upscale():
    save("upscale", client.tools.upscale(UpscaleParams(image=SOURCE)))


def tags():
    found = client.image.suggest_tags(SuggestTagsParams(prompt="harb"))
    Path("tags.json").write_text(json.dumps([each.tag for each in found]))


for feature in (
    img2img,
    infill,
    characters,
    vibes,
    precise,
    webp,
    stream,
    lineart,
    declutter,
    background,
    emotion,
    upscale,
    tags,
):
    try:
        feature()
    except Exception as fault:  # noqa: BLE001 - the others are still to be tried
        traceback.print_exc()
        Path(f"{feature.__name__}.refused").write_text(str(fault))
