"""JSON schemas of an export's files. The leaf's is made from what the writer itself holds to."""

import json
from collections.abc import Mapping

from audit import fields
from audit.entry import Kind
from audit.export.profile import Profile, Withheld

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: dict[str, object] = {"type": "string"}
_COUNT: dict[str, object] = {"type": "integer", "minimum": 0, "maximum": fields.MAX_INTEGER}
_DIGEST: dict[str, object] = {
    "type": "string",
    "pattern": "^([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$",
}
_ID: dict[str, object] = {"type": "string", "format": "uuid"}
_TIME: dict[str, object] = {"type": "string", "format": "date-time"}
_CODE: dict[str, object] = {
    "type": "string",
    "maxLength": 96,
    "pattern": "^[A-Za-z0-9][A-Za-z0-9_.:/@+-]*$",
}
_SHAPES: Mapping[fields.Check, str] = {
    fields.is_id: "id",
    fields.is_count: "count",
    fields.is_code: "code",
    fields.is_digest: "digest",
    fields.is_flag: "flag",
    fields.is_time: "time",
    fields.is_vkey: "text",
}
_DEFINED: Mapping[str, Mapping[str, object]] = {
    "id": _ID, "count": _COUNT, "code": _CODE, "digest": _DIGEST, "time": _TIME, "text": _TEXT,
    "flag": {"type": "boolean"},
    "list": {"type": "array", "items": _TEXT, "maxItems": fields.MAX_ITEMS},
}  # fmt: skip


def files() -> dict[str, bytes]:
    """Return the schemas by the names of their files."""
    all_of = {"leaf": _leaf(), "manifest": _manifest(), "withheld": _withheld(),
              "disclosed": _disclosed()}  # fmt: skip
    return {
        f"schema/{name}.json": json.dumps({"$schema": _DRAFT, **said}, indent=1).encode() + b"\n"
        for name, said in all_of.items()
    }


def _leaf() -> dict[str, object]:
    commitment = {"type": "string", "pattern": "^[0-9a-f]{32,64}$"}
    whole = _object(
        v={"const": 1}, id=_ID, kind={"enum": [*Kind]}, at=_TIME, public={"type": "object"},
        personal={"type": "object", "additionalProperties": commitment},
        detail={"anyOf": [commitment, {"type": "null"}]},
    )  # fmt: skip
    everywhere = {"properties": _known(fields.EVERYWHERE)}
    return {
        **whole,
        "oneOf": [_public(kind) for kind in Kind],
        "$defs": {**_DEFINED, "everywhere": everywhere},
    }


def _public(kind: Kind) -> dict[str, object]:
    """Describe the public part of one kind: what every kind may say, and its own."""
    own = {
        name: check for name, check in fields.FIELDS[kind].items() if name not in fields.EVERYWHERE
    }
    public = {
        "$ref": "#/$defs/everywhere",
        "properties": _known(own),
        "unevaluatedProperties": False,
    }
    return {"properties": {"kind": {"const": kind.value}, "public": public}}


def _known(checks: Mapping[str, fields.Check]) -> dict[str, object]:
    return {
        name: {"$ref": f"#/$defs/{_SHAPES.get(check, 'list')}"} for name, check in checks.items()
    }


def _manifest() -> dict[str, object]:
    file = _object(sha256=_DIGEST, size=_COUNT)
    scope = {"type": "object", "properties": {"profile": {"enum": [*Profile]}}}
    counts = {"type": "object", "additionalProperties": _COUNT}
    return _object(
        v={"const": 1}, export=_ID, index=_COUNT, origin=_TEXT, size=_COUNT, root=_DIGEST,
        made_at=_TIME, tool=_TEXT, scope=scope, disclosed=_COUNT, withheld=counts, erased=_COUNT,
        policies_missing={"type": "array", "items": _DIGEST},
        files={"type": "object", "additionalProperties": file},
    )  # fmt: skip


def _withheld() -> dict[str, object]:
    return _object(first=_COUNT, last=_COUNT, reason={"enum": [*Withheld]})


def _disclosed() -> dict[str, object]:
    value = {"type": "object", "minProperties": 1, "maxProperties": 1}
    return _object(index=_COUNT, field=_TEXT, salt=_TEXT, value=value)


def _object(**properties: object) -> dict[str, object]:
    return {
        "type": "object",
        "required": [*properties],
        "properties": properties,
        "additionalProperties": False,
    }
