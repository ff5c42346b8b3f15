"""What a prompt may name besides words: registered LoRAs, and nothing else that an engine loads."""

import re

from classifiers.content import Text
from pipeline.novelai.errors import RequestRefusedError

_OPENS = re.compile(r"<\s*\w+\s*:")
_LORA = re.compile(
    r"<lora:([A-Za-z0-9][A-Za-z0-9_.+-]{0,95}):(?:0?\.\d{1,4}|[012](?:\.\d{1,4})?)>", re.ASCII
)
_REFUSED = (
    (re.compile(r"embedding\s*:", re.IGNORECASE), "embeddings"),
    (re.compile(r"__"), "wildcards"),
    (re.compile(r"\{[^{}|$]*+[|$]"), "alternatives in braces"),
    (re.compile(r"#"), "comments"),
)
"""What an engine or an extension of it would put something else in the place of."""


def networks(text: Text) -> tuple[str, ...]:
    """Give the name of each LoRA that a text names.

    Raises:
        RequestRefusedError: it names something that engines would load or rewrite.
    """
    for pattern, what in _REFUSED:
        if pattern.search(text.text):
            raise RequestRefusedError(400, f"{text.path}: {what} are not served by this gate")
    found = tuple(match[1] for match in _LORA.finditer(text.text))
    if len(found) != len(_OPENS.findall(text.text)):
        message = f"{text.path}: expected networks as <lora:name:weight>, the weight from 0 to 2"
        raise RequestRefusedError(400, message)
    return found
