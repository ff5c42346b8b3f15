"""What an uploaded picture says of itself: the prompt it was made from, titles, descriptions.

It is evidence of what the picture shows. None of it is ever forwarded, so what is too long to be
read, or in no language that is read here, is left out: the pixels are judged whatever it says.
"""

import re
from collections.abc import Iterator

from classifiers.canonical import Canonical
from classifiers.content import Text
from pipeline.novelai import embedded
from pipeline.novelai.limits import Limits

_MARKUP = re.compile(r"<[^<>]*>")


def texts_in(picture: Canonical) -> tuple[Text, ...]:
    """Give the texts that `picture` carries, prompts first, at the path `CARRIER[INDEX].metadata`.

    Each is given once, and only as many whole ones as a request may hold characters.
    """
    path = f"{picture.carrier}[{picture.index}].metadata"
    found = embedded.read(picture)
    left = Limits().text_characters
    kept: dict[Text, None] = {}
    for text in _without_markup((*found.prompts(path), *found.others(path))):
        if text not in kept and len(text.text) <= left:
            kept[text] = None
            left -= len(text.text)
    return tuple(kept)


def _without_markup(texts: tuple[Text, ...]) -> Iterator[Text]:
    """XMP is XML, of which the words between the tags were meant to be read."""
    for text in texts:
        words = " ".join(_MARKUP.sub(" ", text.text).split()) if "<" in text.text else text.text
        if words:
            yield Text(text.path, words, text.polarity)
