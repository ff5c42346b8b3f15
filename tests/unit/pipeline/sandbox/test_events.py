"""The sandbox's stream: what section 1.5 of the reference says of NovelAI's."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from httpx import AsyncClient
from PIL import Image

from tests.unit.pipeline.streams import read_msgpack, read_sse

Asked = Callable[..., dict[str, Any]]
Sandbox = Callable[..., AsyncClient]
_STREAM = "/ai/generate-image-stream"
_READ = {"sse": read_sse, "msgpack": read_msgpack}
_TYPES = {"sse": "text/event-stream", "msgpack": "application/msgpack"}


@pytest.mark.parametrize("form", sorted(_READ))
async def test_previews_come_before_the_pictures(sandbox: Sandbox, asked: Asked, form: str) -> None:
    """28 steps are 27 previews of each sample, in turns, and then its whole file."""
    answer = await sandbox().post(_STREAM, json=asked(n_samples=2, stream=form))
    plain = await sandbox().post(
        "/ai/generate-image", json=asked(n_samples=2), headers={"Accept": "*/*"}
    )

    events = _READ[form](answer.content)
    assert answer.headers["content-type"] == _TYPES[form]
    kinds = [each["event_type"] for each in events]
    assert kinds == ["intermediate"] * 54 + ["final"] * 2
    assert [each["step_ix"] for each in events[:-2]] == [step for step in range(27) for _ in "ab"]
    assert [each["samp_ix"] for each in events] == [0, 1] * 28
    assert all(each["image"] in plain.content for each in events[-2:])
    assert events[-1].keys() == {"event_type", "samp_ix", "gen_id", "image"}
    assert isinstance(events[0]["gen_id"], int)
    with Image.open(io.BytesIO(events[0]["image"])) as preview:
        assert preview.format == "JPEG"


@pytest.mark.parametrize("form", sorted(_READ))
async def test_a_stream_may_break_off_with_an_error(
    sandbox: Sandbox, asked: Asked, form: str
) -> None:
    """On a 200, which is what makes it hard to read."""
    headers = {"X-Sandbox-Fault": "stream-error"}
    answer = await sandbox().post(_STREAM, json=asked(stream=form), headers=headers)

    last = _READ[form](answer.content)[-1]
    assert answer.status_code == 200
    assert (last["event_type"], last["message"]) == ("error", "Internal Server Error")


async def test_another_form_is_refused(sandbox: Sandbox, asked: Asked) -> None:
    """And a request that is refused is no stream."""
    answer = await sandbox().post(_STREAM, json=asked(stream="mjpeg"))

    assert answer.status_code == 400
    assert (await sandbox().get(_STREAM)).status_code == 405
    assert (await sandbox().post("/ai/generate-image/stream", json=asked())).status_code == 404
