"""Writes the table of docs/features-by-sdk.md from what a run of `make compat` found."""

import json
from collections.abc import Mapping

from tests.compat.environments import HERE, ROOT, SDKS
from tests.compat.features import FEATURES, NOT_OFFERED, WORKS

PAGE = ROOT / "docs" / "features-by-sdk.md"
RESULTS = HERE / "results.json"
BEGIN, END = "<!-- made by make compat -->\n\n", "\n<!-- to here -->\n"

Results = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Side, SDK, feature: what became of it."""


def read() -> Results:
    """Return what the run found whose table is on the page."""
    results: Results = json.loads(RESULTS.read_text(encoding="utf-8"))
    return results


def write(results: Results) -> None:
    """Keep what a run found, and put its table on the page."""
    text = json.dumps(results, indent=1, sort_keys=True)
    RESULTS.write_text(f"{text}\n", encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}{table(results)}{END}{after}", encoding="utf-8")


def shown() -> str:
    """Return the table that is on the page."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def table(results: Results) -> str:
    """Return the table of a run: a row for each feature, a column for each SDK."""
    head = [f"| feature | {' | '.join(SDKS)} |", f"|---|{'---|' * len(SDKS)}"]
    rows = [
        f"| {each.title} | {' | '.join(_cell(results, sdk, each.name) for sdk in SDKS)} |"
        for each in FEATURES
    ]
    return "\n".join([*head, *rows]) + "\n"


def _cell(results: Results, sdk: str, feature: str) -> str:
    gated, alone = (results[side][sdk][feature] for side in ("gateway", "sandbox"))
    told = gated.replace("|", "\\|")
    if gated in {WORKS, NOT_OFFERED} or alone == WORKS:
        return told
    return f"{told}<br>(without the gateway too: {alone.replace('|', '')})"
