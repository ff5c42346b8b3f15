import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from classifiers.errors import ModelError
from classifiers.prompt_engines.by_text import by_text
from classifiers.prompt_engines.onnx_engine import OneByOne, Together
from classifiers.prompt_network import NAME, PromptNetwork, question
from classifiers.registry import WEIGHTS
from classifiers.runtime import Session
from tests.unit.classifiers.prompt_networks import tiny_model

TEXTS = (
    "a lighthouse at dawn",
    "1girl, solo, long hair, red hat, smile, very aesthetic, no text",
    "a soldier with a rifle, war, explosion",
    "a cat asleep on a red sofa, watercolor, " * 12,
    "a small child flying a kite on a beach",
    "",
)


def test_the_shipped_network_answers_a_batch_as_it_answers_each_text() -> None:
    """What runs on a card is what was measured and calibrated."""
    model = (WEIGHTS / f"{NAME}.onnx").read_bytes()
    cutting = PromptNetwork.open().pieces
    windows = [(text, next(cutting.windows(text))) for text in TEXTS]
    questions = [question(text, window) for text, window in windows]

    alone = OneByOne(Session("served", model)).ask(questions)
    together = Together(Session("changed", by_text(model))).ask(questions)

    assert np.abs(alone - together).max() < 1e-4


def test_nothing_takes_a_scale_over_the_whole_batch() -> None:
    """One that was left would let texts change each other's answers."""
    before, after = (
        {node.op_type for node in onnx.load_from_string(model).graph.node}
        for model in (tiny_model(), by_text(tiny_model()))
    )

    assert {"DynamicQuantizeLinear", "MatMulInteger"} <= before
    assert not {"DynamicQuantizeLinear", "MatMulInteger"} & after


def other_graph() -> bytes:
    """An ONNX model that is not ours."""
    node = helper.make_node("DynamicQuantizeLinear", ["x"], ["values", "scale", "point"])
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n"])
    values = helper.make_tensor_value_info("values", TensorProto.UINT8, ["n"])
    graph = helper.make_graph([node], "other", [x], [values])
    return bytes(helper.make_model(graph).SerializeToString())


@pytest.mark.parametrize("model", [b"no model", other_graph()], ids=["junk", "another graph"])
def test_what_is_not_ours_is_refused(model: bytes) -> None:
    """A graph that is changed by halves would answer nonsense."""
    with pytest.raises(ModelError):
        by_text(model)
