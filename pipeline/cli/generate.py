"""The command that asks a gateway for pictures, as a platform does."""

import secrets
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from pipeline.cli.asking import Address, KeyFile, gateway, read, save, tell, waiting
from pipeline.cli.output import REFUSED, AsJson, stop, told
from pipeline.novelai.catalogue import MODELS

_MOST_SEEDS: Final = 2**32
_DEFAULT: Final = "nai-diffusion-4-5-full"


def generate(
    prompt: Annotated[str, typer.Argument(help="What is to be seen.")],
    negative: Annotated[str, typer.Option(help="What is not to be seen.")] = "lowres, blurry",
    model: Annotated[str, typer.Option(help="NovelAI's id of a model.")] = _DEFAULT,
    size: Annotated[str, typer.Option(help="Width and height in pixels.")] = "832x1216",
    samples: Annotated[int, typer.Option(min=1, max=8, help="How many pictures.")] = 1,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The same seed, the same picture.", show_default="any")
    ] = None,
    subject: Annotated[
        str, typer.Option(help="The pseudonym of your end user.", show_default="nobody named")
    ] = "",
    out: Annotated[Path, typer.Option(help="The folder for the pictures.")] = Path(),
    address: Address = "http://127.0.0.1:8788",
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Ask a gateway for pictures, and write those that were released into a folder.

    The API key is read from IMPRIMATUR_KEY, or from a file.

    Exits with 0 (at least one picture was released), 1 (refused, or held: ask `imprimatur status`
    later), 2 (it could not be done).

    Examples:
      imprimatur generate "lighthouse, sea, dusk"
      imprimatur generate "hills, train" --samples 2 --size 1216x832 --out pictures --json
    """
    body = _body(prompt, negative, model, _size(size), samples, seed)
    headers = {"X-Imprimatur-Subject": subject} if subject else {}
    with told(), gateway(address, key_file) as client:
        with waiting("asking, generating, examining"):
            answer = client.post("/v1/generations", json=body, headers=headers)
        state = read(answer, as_json=as_json)
        saved = save(client, state, out)
        tell(state, saved, as_json=as_json)
    if not saved:
        raise typer.Exit(REFUSED)


def _size(size: str) -> tuple[int, int]:
    width, _, height = size.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        stop(f"--size: expected WIDTHxHEIGHT, as 832x1216, got {size}")
    return int(width), int(height)


def _body(
    prompt: str, negative: str, model: str, size: tuple[int, int], samples: int, seed: int | None
) -> dict[str, Any]:
    """Return a request as NovelAI's own client would send it."""
    known = MODELS.get(model)
    if known is None:
        stop(f"--model: expected one of {', '.join(MODELS)}, got {model}")
    parameters: dict[str, Any] = {
        "width": size[0],
        "height": size[1],
        "steps": known.steps,
        "scale": known.scale,
        "seed": secrets.randbelow(_MOST_SEEDS) if seed is None else seed,
        "n_samples": samples,
        "sampler": "k_euler_ancestral",
        "negative_prompt": negative,
    }
    if known.family.has_captions:
        parameters["v4_prompt"] = _captions(prompt) | {"use_coords": False, "use_order": True}
        parameters["v4_negative_prompt"] = _captions(negative) | {"legacy_uc": False}
    return {"input": prompt, "model": model, "action": "generate", "parameters": parameters}


def _captions(text: str) -> dict[str, Any]:
    return {"caption": {"base_caption": text, "char_captions": []}}
