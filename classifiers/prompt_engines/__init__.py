"""What computes the prompt model's answers: onnxruntime or torch, on the processor or on a card."""

from classifiers.prompt_engines.choice import open_engine
from classifiers.prompt_engines.engine import Engine, Question

__all__ = ["Engine", "Question", "open_engine"]
