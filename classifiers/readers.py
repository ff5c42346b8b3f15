"""The classifiers that look at texts: one list, for the gateway and for what judges without it."""

from collections.abc import Sequence

from classifiers.characters import Characters
from classifiers.classifier import Classifier
from classifiers.device import Device
from classifiers.normalise import Reading
from classifiers.prompt_model import PromptModel
from classifiers.prompt_terms import PromptTerms
from classifiers.readability import Readability
from classifiers.term_pack import TermPack, laid_on
from classifiers.vocabulary import shipped


def embedded_readers(
    packs: Sequence[TermPack] = (), device: Device = Device.CPU
) -> list[Classifier[Reading]]:
    """Open every classifier of texts that ships with this package. They are still to be warmed.

    The terms of `packs` are looked for like those that ship; the prompt model runs on `device`.

    Raises:
        ClassifierError: one is missing, or is not what its digest says.
    """
    terms = PromptTerms(laid_on(shipped(), packs)) if packs else PromptTerms.embedded()
    return [terms, Characters.embedded(), Readability(), PromptModel.embedded(device)]
