"""What computes an image classifier's answers: onnxruntime or torch, on the processor or a card."""

from classifiers.picture_engines.choice import open_engine
from classifiers.picture_engines.onnx_engine import Planes

__all__ = ["Planes", "open_engine"]
