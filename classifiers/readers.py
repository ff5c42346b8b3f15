"""The classifiers that look at texts: one list, for the gateway and for what judges without it."""

from classifiers.characters import Characters
from classifiers.classifier import Classifier
from classifiers.normalise import Reading
from classifiers.prompt_model import PromptModel
from classifiers.prompt_terms import PromptTerms
from classifiers.readability import Readability


def embedded_readers() -> list[Classifier[Reading]]:
    """Open every classifier of texts that ships with this package. They are still to be warmed.

    Raises:
        ClassifierError: one is missing, or is not what its digest says.
    """
    return [PromptTerms.embedded(), Characters.embedded(), Readability(), PromptModel.embedded()]
