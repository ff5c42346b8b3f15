"""Reads streams of pictures as clients do: SSE by lines, MessagePack by its specification."""

import base64
import json
import struct
from collections.abc import Iterator
from typing import Any


def read_sse(content: bytes) -> list[dict[str, Any]]:
    """Every event, its picture as bytes; the `event:` line MUST say the same as the data."""
    told: list[dict[str, Any]] = []
    for block in content.decode("ascii").split("\n\n")[:-1]:
        kind, data = block.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert kind == f"event: {event['event_type']}"
        if "image" in event:
            event["image"] = base64.b64decode(event["image"], validate=True)
        told.append(event)
    return told


def read_msgpack(content: bytes) -> list[dict[str, Any]]:
    """Every frame: four bytes of length, then one map and nothing after it."""
    told: list[dict[str, Any]] = []
    while content:
        (length,) = struct.unpack_from(">I", content)
        frame, content = content[4 : 4 + length], content[4 + length :]
        event, end = _value(frame, 0)
        assert end == len(frame) == length
        told.append(event)
    return told


def _value(packed: bytes, at: int) -> tuple[Any, int]:
    kind, at = packed[at], at + 1
    if kind < 0x80:
        return kind, at
    if kind < 0x90:
        return _map(packed, at, kind & 0x0F)
    if 0xA0 <= kind < 0xC0:
        return packed[at : at + (kind & 0x1F)].decode(), at + (kind & 0x1F)
    if kind in {0xCE, 0xCB}:
        form = ">I" if kind == 0xCE else ">d"
        return struct.unpack_from(form, packed, at)[0], at + struct.calcsize(form)
    assert kind in {0xC6, 0xDB}
    (length,) = struct.unpack_from(">I", packed, at)
    data = packed[at + 4 : at + 4 + length]
    return (data if kind == 0xC6 else data.decode()), at + 4 + length


def _map(packed: bytes, at: int, size: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    for _ in range(size):
        key, at = _value(packed, at)
        found[key], at = _value(packed, at)
    return found, at


def windows(content: bytes, of: int) -> Iterator[bytes]:
    """Every run of so many bytes."""
    yield from (content[at : at + of] for at in range(len(content) - of + 1))
