"""The classifiers of pictures: one list, for the gateway and for what judges without it."""

from collections.abc import Callable, Iterator, Sequence

from classifiers.apparent_age import ApparentAge, FaceAge
from classifiers.canonical import Canonical
from classifiers.classifier import Classifier
from classifiers.content import Rendition
from classifiers.content_network import ContentNetwork
from classifiers.device import Device
from classifiers.faces import Faces
from classifiers.hash_bank_lookup import Banks
from classifiers.hash_match import HashMatch
from classifiers.heads import Heads
from classifiers.image_content import ImageContent
from classifiers.mask import MaskCheck
from classifiers.plugins import Pinned, Plugin
from classifiers.pulled import NONE, Pulled
from classifiers.rater import Rater
from classifiers.tagger import Tagger


def embedded_viewers(
    banks: Banks,
    pulled: Pulled = NONE,
    detectors: Sequence[Pinned] = (),
    device: Device = Device.CPU,
) -> list[Classifier[Canonical]]:
    """Open every classifier of pictures that ships with this package. They are still to be warmed.

    Pictures are compared with `banks`. `pulled` says which models were; `detectors` are what the
    operator installed, which only raise evidence. Raters run on `device`, others on the
    processor.

    Raises:
        ClassifierError: one is missing, or is not what its digest says.
    """
    network = ContentNetwork.embedded()
    return [
        *_taggers(pulled, network.rendition),
        *(Rater.opened(folder, device=device) for folder in pulled.raters),
        *(Plugin.opened(pinned) for pinned in detectors),
        MaskCheck(),
        HashMatch(banks),
        ImageContent(network),
        ApparentAge(network.rendition, network.suggestive, Faces.embedded(), FaceAge.embedded()),
    ]


def _taggers(pulled: Pulled, rendition: Callable[[Canonical], Rendition]) -> Iterator[Tagger]:
    """Open the tagger that was pulled, if one was."""
    if pulled.tagger is not None:
        heads = None if pulled.heads is None else Heads.opened(pulled.heads)
        yield Tagger.opened(pulled.tagger, rendition, heads=heads)
