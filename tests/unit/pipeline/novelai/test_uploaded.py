"""What an uploaded picture says of itself is read as evidence, as far as a request may be long."""

import io
import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from classifiers import canonical, content
from classifiers.content import Polarity, Purpose, Text
from pipeline.items import ReleasedMetadata
from pipeline.marking.leaving import leaving
from pipeline.novelai.limits import Limits
from pipeline.novelai.uploaded import texts_in

PATH = "parameters.image[0].metadata"
MOST = Limits().text_characters


def said(form: str = "PNG", **notes: str) -> list[Text]:
    """What is found in a picture that carries `notes`."""
    out, told = io.BytesIO(), PngInfo()
    picture = Image.fromarray(np.zeros((64, 64, 3), np.uint8))
    for key, text in notes.items():
        told.add_itxt(key, text)
    if form == "PNG":
        picture.save(out, form, pnginfo=told)
    else:
        picture.save(out, form, xmp=notes["XMP"].encode())
    read = canonical.read(content.Image("parameters.image", 0, Purpose.SOURCE, out.getvalue()))
    return [*texts_in(read)]


def test_prompts_come_first_and_each_once() -> None:
    """They say best what a picture shows; a description repeats them."""
    comment = {"prompt": "a harbour", "uc": "lowres", "v4_prompt": {"base_caption": "a harbour"}}

    assert said(Description="a mole at dawn", Comment=json.dumps(comment)) == [
        Text(PATH, "a harbour"),
        Text(PATH, "lowres", Polarity.NEGATIVE),
        Text(PATH, "a mole at dawn"),
    ]


def test_of_xmp_the_words_are_read() -> None:
    """The markup around them is for machines."""
    packet = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:li xml:lang="en">a quiet\n bay</rdf:li></x>'

    assert said("JPEG", XMP=packet) == [Text(PATH, "a quiet bay")]


def test_our_own_mark_says_nothing_to_those_who_read() -> None:
    """A picture that left here and comes back is no stranger for being marked."""
    out = io.BytesIO()
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(out, "PNG")
    left = leaving(out.getvalue(), ReleasedMetadata.STRIP_TEXT).data

    read = canonical.read(content.Image("parameters.image", 0, Purpose.SOURCE, left))

    assert read.notes
    assert texts_in(read) == ()


def test_what_is_too_long_is_left_out_whole() -> None:
    """A workflow of a hundred kilobytes keeps no description from being read."""
    found = said(workflow="a " * MOST, Description="a mole", Author="b" * (MOST - 10))

    assert [len(each.text) for each in found] == [len("a mole"), MOST - 10]


def test_a_picture_that_says_nothing_has_no_texts() -> None:
    """Most have none."""
    assert said() == []


@given(st.dictionaries(st.sampled_from(["Comment", "Description", "XMP", "a"]), st.text()))
def test_whatever_it_says_is_read_within_the_limit(notes: dict[str, str]) -> None:
    """Whoever made the picture wrote it."""
    whole = {key: text.replace("\0", "") for key, text in notes.items()}
    whole = {key: text.encode(errors="replace").decode() for key, text in whole.items()}

    found = said(**whole)

    assert sum(len(each.text) for each in found) <= MOST
    assert all(each.text and each.path == PATH for each in found)
