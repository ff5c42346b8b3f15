"""Reads what only the floor says: the evidence and the matrix."""

from collections.abc import Iterable

import yaml

from classifiers.signals import SignalName
from policies.decision import Action
from policies.evidence import Evidence, Pointer
from policies.labels import HarmCode
from policies.layers import Floor
from policies.levels import L, Minor, Sexual
from policies.matrix import Cell, Depicted, Matrix
from policies.read_rule import read_reaction
from policies.reading import Reader
from policies.scene import RenditionScale

DEPICTED = "depicted"
"""The code of a cell that is named by what is depicted."""


def read_floor(reader: Reader, evidence: yaml.Node | None, matrix: yaml.Node | None) -> Floor:
    """Read the two blocks of a floor."""
    return Floor(_evidence(reader, evidence), _matrix(reader, matrix))


def _evidence(reader: Reader, node: yaml.Node | None) -> Evidence:
    fields = reader.fields(node, ("rendition", "minor", "sexual"), ("beside_sexual",))
    minor = (Minor.WEAK, Minor.STRONG)
    sexual = (Sexual.SUGGESTIVE, Sexual.NUDITY, Sexual.ACT)
    return Evidence(
        _scale(reader, fields.get("rendition")),
        tuple(_pointers(reader, fields.get("minor"), minor)),
        tuple(_pointers(reader, fields.get("sexual"), sexual)),
        tuple(_pointers(reader, fields.get("beside_sexual"), (Minor.STRONG,))),
    )


def _scale(reader: Reader, node: yaml.Node | None) -> RenditionScale:
    fields = reader.fields(node, ("photograph", "drawing"))
    scale = RenditionScale(
        reader.number(fields.get("photograph")), reader.number(fields.get("drawing"))
    )
    if len(fields) == 2 and scale.photograph <= scale.drawing:  # noqa: PLR2004 - both are there
        reader.wrong(fields["drawing"], "expected less than 'photograph'")
    return scale


def _pointers(
    reader: Reader, node: yaml.Node | None, levels: tuple[L, ...]
) -> Iterable[Pointer[L]]:
    fields = reader.fields(node, levels)
    for level in levels:
        for item in reader.items(fields.get(level), "signals"):
            yield _pointer(reader, item, level)


def _pointer(reader: Reader, node: yaml.Node, level: L) -> Pointer[L]:
    fields = reader.fields(node, ("signal", "at_least"), ("lowered",))
    at_least = reader.number(fields.get("at_least"))
    lowered = reader.number(fields["lowered"]) if "lowered" in fields else at_least
    if lowered > at_least:
        reader.wrong(fields["lowered"], "expected no more than 'at_least'")
    name = reader.word(fields.get("signal"), SignalName, "signal")
    return Pointer(level, name, at_least, lowered)


def _matrix(reader: Reader, node: yaml.Node | None) -> Matrix:
    fields = reader.fields(node, ("unknown", "depicted", "cells"))
    unknown = read_reaction(reader, fields.get("unknown"))
    if "unknown" in fields and unknown.action.severity < Action.HOLD.severity:
        reader.wrong(fields["unknown"], "expected hold or stricter: not knowing is never clean")
    rows = reader.fields(fields.get("cells"), tuple(Minor))
    cells: dict[tuple[Minor, Sexual], Cell] = {}
    for minor in Minor:
        row = reader.fields(rows.get(minor), tuple(Sexual))
        for sexual in Sexual:
            cells[minor, sexual] = _cell(reader, row.get(sexual))
            _no_milder(reader, row.get(sexual), cells, minor, sexual)
    return Matrix(cells, _depicted(reader, fields.get("depicted")), unknown)


def _cell(reader: Reader, node: yaml.Node | None) -> Cell:
    fields = reader.fields(node, ("action", "code"))
    action = reader.word(fields.get("action"), Action, "action")
    code = fields.get("code")
    if isinstance(code, yaml.ScalarNode) and code.value == DEPICTED:
        return Cell(action, None)
    return Cell(action, reader.word(code, HarmCode, "code"))


def _no_milder(
    reader: Reader,
    node: yaml.Node | None,
    cells: dict[tuple[Minor, Sexual], Cell],
    minor: Minor,
    sexual: Sexual,
) -> None:
    """Note a cell that is milder than a neighbour with less evidence, or less sex in it."""
    cell = cells[minor, sexual]
    less = [(m, s) for m, s in cells if m.height <= minor.height and s.height <= sexual.height]
    if node is not None and any(
        cells[each].action.severity > cell.action.severity for each in less
    ):
        reader.wrong(node, f"'{cell.action}' is milder than a cell with less evidence")


def _depicted(reader: Reader, node: yaml.Node | None) -> Depicted:
    fields = reader.fields(node, ("text", "drawing", "photograph"))
    return Depicted(
        reader.word(fields.get("text"), HarmCode, "code"),
        reader.word(fields.get("drawing"), HarmCode, "code"),
        reader.word(fields.get("photograph"), HarmCode, "code"),
    )
