"""An integrator's program with `requests`, as written for NovelAI: only its address is a setting.

It asks for JSON where that is easier, and for the ZIP elsewhere.
"""
# ruff: noqa: ANN001, ANN003, ANN201
# mypy: ignore-errors
# pyright: basic
# All three: an integrator's program has no annotations.

import base64
import io
import json
import os
import traceback
import zipfile
from pathlib import Path

import requests

BASE = os.environ.get("NOVELAI_IMAGE_BASE", "https://image.novelai.net")
SCENE = "a harbour at dawn, sailing boats, lighthouse, no humans"
UNREADABLE = "ท่าเรือยามเช้า เรือใบ"

http = requests.Session()
http.headers["Authorization"] = f"Bearer {os.environ['NOVELAI_API_KEY']}"


def captioned(text):
    return {
        "caption": {"base_caption": text, "char_captions": []},
        "use_coords": False,
        "use_order": True,
    }


def body(model, seed, prompt=SCENE, samples=1):
    parameters = {
        "width": 832,
        "height": 1216,
        "seed": seed,
        "n_samples": samples,
        "steps": 23,
        "scale": 5,
        "sampler": "k_euler_ancestral",
        "noise_schedule": "karras",
        "params_version": 3,
        "negative_prompt": "lowres, worst quality",
    }
    if model != "nai-diffusion-3":
        parameters["v4_prompt"] = captioned(prompt)
        parameters["v4_negative_prompt"] = captioned("lowres, worst quality")
    return {"input": prompt, "model": model, "action": "generate", "parameters": parameters}


def post(wanted, **headers):
    return http.post(f"{BASE}/ai/generate-image", json=wanted, headers=headers, timeout=120)


def v3():
    answer = post(body("nai-diffusion-3", 11))
    answer.raise_for_status()
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        Path("v3_0.png").write_bytes(archive.read("image_0.png"))


def v4_5():
    answer = post(body("nai-diffusion-4-5-full", 12), Accept="application/json")
    answer.raise_for_status()
    for image in answer.json()["images"]:
        Path(f"v4_5_{image['index']}.png").write_bytes(base64.b64decode(image["image"]))


def v5():
    answer = post(body("nai-diffusion-5-full", 13))
    answer.raise_for_status()
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        Path("v5_0.png").write_bytes(archive.read("image_0.png"))


def two():
    answer = post(body("nai-diffusion-4-5-full", 21, samples=2))
    answer.raise_for_status()
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        for number, name in enumerate(archive.namelist()):
            Path(f"two_{number}.png").write_bytes(archive.read(name))


def form():
    request = (None, json.dumps(body("nai-diffusion-4-5-full", 15)), "application/json")
    answer = http.post(f"{BASE}/ai/generate-image", files={"request": request}, timeout=120)
    answer.raise_for_status()
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        Path("form_0.png").write_bytes(archive.read("image_0.png"))


def subscription():
    plan = http.get(f"{BASE}/user/subscription", timeout=30).json()
    anlas = sum(plan["trainingStepsLeft"].values())
    Path("subscription.json").write_text(json.dumps({"tier": plan["tier"], "anlas": anlas}))


def refusal():
    answer = post(body("nai-diffusion-4-5-full", 14, UNREADABLE))
    said = "not refused" if answer.ok else f"{answer.status_code} {answer.json()['message']}"
    Path("refusal.txt").write_text(said)


for check in (v3, v4_5, v5, two, form, subscription, refusal):
    try:
        check()
    except Exception:  # noqa: BLE001 - the others are still to be tried
        traceback.print_exc()
