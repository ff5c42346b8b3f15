"""The classifiers of pictures: one list, for the gateway and for what judges without it."""

from collections.abc import Sequence
from pathlib import Path

from classifiers.apparent_age import ApparentAge, FaceAge
from classifiers.canonical import Canonical
from classifiers.classifier import Classifier
from classifiers.content_network import ContentNetwork
from classifiers.faces import Faces
from classifiers.hash_bank_lookup import Banks
from classifiers.hash_match import HashMatch
from classifiers.image_content import ImageContent
from classifiers.mask import MaskCheck
from classifiers.plugins import Pinned, Plugin
from classifiers.tagger import Tagger


def embedded_viewers(
    banks: Banks, tagger: Path | None = None, detectors: Sequence[Pinned] = ()
) -> list[Classifier[Canonical]]:
    """Open every classifier of pictures that ships with this package. They are still to be warmed.

    Pictures are compared with `banks`. `tagger` is the folder of one that was pulled; `detectors`
    are what the operator installed, which only raise evidence.

    Raises:
        ClassifierError: one is missing, or is not what its digest says.
    """
    network = ContentNetwork.embedded()
    pulled = [] if tagger is None else [Tagger.opened(tagger, network.rendition)]
    return [
        *pulled,
        *(Plugin.opened(pinned) for pinned in detectors),
        MaskCheck(),
        HashMatch(banks),
        ImageContent(network),
        ApparentAge(network.rendition, Faces.embedded(), FaceAge.embedded()),
    ]
