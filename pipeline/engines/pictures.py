"""A picture as it is handed on: whole, of this request by its own word, and without its texts."""

from collections.abc import Callable
from hashlib import sha256
from typing import Final

from classifiers.container.parts import Note
from classifiers.container.take_apart import take_apart
from classifiers.errors import UnreadableError
from pipeline.novelai.archive import Picture
from pipeline.novelai.errors import UpstreamMalformedError

_MOST_METADATA: Final = 1 << 20


def handed_on(index: int, data: bytes, is_approved: Callable[[Note], bool]) -> Picture:
    """Give one picture without its texts, all of which MUST be approved ones.

    Raises:
        UpstreamMalformedError: it is none, or tells of another request.
    """
    try:
        file = take_apart(data, _MOST_METADATA)
    except UnreadableError:
        file = None
    if file is None:
        message = f"answer: picture {index} is none"
        raise UpstreamMalformedError(message)
    if not all(map(is_approved, file.notes)):
        message = f"answer: picture {index} tells of another request"
        raise UpstreamMalformedError(message)
    name = f"image_{index}.{file.format.value.lower()}"
    return Picture(index, name, file.pixels, sha256(file.pixels).hexdigest())
