"""Points two NovelAI SDKs that have no setting for it at another address.

Copy this file into your project; it needs nothing but the SDK itself. Call the function once, at
the start, before the first request. The other SDKs need no help: see README.md beside this file.

    patch_novelai_api("https://gateway.example")       # pip install novelai-api
    patch_novelai_python("https://gateway.example")    # pip install novelai-python

Checked with novelai-api 0.34.1 and novelai-python 0.7.12. With a version that keeps its addresses
elsewhere, both raise `AttributeError` or `KeyError`: better no program than one that talks past
the gateway.
"""

# ruff: noqa: INP001
# It is one file to copy, and no package.

from importlib import import_module

_REDIRECTED = (
    "Login",
    "Subscription",
    "Information",
    "GenerateImageInfer",
    "AugmentImageInfer",
    "Upscale",
    "SuggestTags",
    "LLM",
    "LLMStream",
    "VoiceGenerate",
)


def patch_novelai_api(base: str) -> None:
    """Send everything that novelai-api sends to `base`, for every client made before or after.

    Raises:
        AttributeError: this version of novelai-api keeps its addresses elsewhere.
    """
    address = base.rstrip("/")
    low_level = import_module("novelai_api._low_level")
    client = import_module("novelai_api").NovelAIAPI
    for holder, name in (
        (client, "BASE_ADDRESS"),
        (low_level, "IMAGE_API_ADDRESS"),
        (low_level, "TEXT_API_ADDRESS"),
    ):
        getattr(holder, name)
        setattr(holder, name, address)


def patch_novelai_python(base: str) -> None:
    """Send everything that novelai-python sends to `base`, for every request object made after.

    Raises:
        AttributeError, KeyError: this version of novelai-python keeps its addresses elsewhere.
    """
    address = base.rstrip("/")
    novelai_python = import_module("novelai_python")
    for name in _REDIRECTED:
        getattr(novelai_python, name).__private_attributes__["_endpoint"].default = address
