import pytest

from classifiers.device import Device
from classifiers.errors import ModelError
from classifiers.prompt_engines import open_engine
from classifiers.prompt_engines.choice import LONGEST
from classifiers.prompt_engines.onnx_engine import OneByOne
from classifiers.prompt_heads import HEADS
from classifiers.runtime import Session
from tests.unit.classifiers.prompt_networks import tiny_model


def test_on_a_processor_it_is_one_text_at_a_time() -> None:
    """Batches gain nothing there, and would wait for it."""
    assert isinstance(open_engine("model", tiny_model(), device=Device.CPU), OneByOne)


def test_a_card_that_is_not_there_is_never_replaced_by_the_processor() -> None:
    """Whoever pays for a card must not find out by the latency that it does nothing."""
    with pytest.raises(ModelError, match="install onnxruntime-gpu") as refused:
        open_engine("model", tiny_model(), device=Device.CUDA)

    assert "\n" not in str(refused.value)
    assert "device: cpu" in str(refused.value)


def test_any_network_can_be_asked_about_the_window_that_warms_it() -> None:
    """A card's memory is tried at the start, not by the first rush."""
    answers = OneByOne(Session("model", tiny_model())).ask([LONGEST])

    assert answers.shape == (1, len(HEADS))


def test_nor_by_the_runtime() -> None:
    """It would go on with a warning."""
    with pytest.raises(ModelError, match="expected a runtime with CUDAExecutionProvider"):
        Session("model", tiny_model(), device=Device.CUDA)
