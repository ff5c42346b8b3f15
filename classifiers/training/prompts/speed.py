"""Measures how long a text takes on one thread.

    python -m classifiers.training.prompts.speed OUT [--against FOLDER]

Time is that of the thread: on a busy machine it counts what the text costs, not what others take,
though cores that share their units with others are slower still. Other weights are measured in the
same run, one text by each in turn.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Final

import numpy as np

from classifiers.prompt_network import PromptNetwork
from classifiers.training.prompts.rows import Split, read_rows

_SIZES: Final = (64, 128, 256)
_TIMES: Final = 150


def main(out: Path, against: Path | None) -> None:
    """Write `OUT/speed.json`."""
    networks = {"served": PromptNetwork.open(out / "weights")}
    if against:
        networks["before"] = PromptNetwork.open(against)
    source = (row.text for row in read_rows(out / f"{Split.TEST}.jsonl"))
    words = ", ".join(text for _, text in zip(range(400), source, strict=False)).split()
    found: dict[str, dict[str, dict[str, float]]] = {name: {} for name in networks}
    for size in _SIZES:
        text = _of_size(networks["served"], words, size)
        count = str(len(list(networks["served"].pieces.cut(text))) + 2)
        taken = [
            {name: _seconds(one, text) for name, one in networks.items()} for _ in range(_TIMES)
        ]
        for name in networks:
            seconds = [one[name] for one in taken[_TIMES // 5 :]]
            p50, p95 = (float(np.percentile(seconds, part)) * 1000 for part in (50, 95))
            found[name][count] = {"p50": round(p50, 2), "p95": round(p95, 2)}
        print(size, found, flush=True)
    told = "One thread of two cores, time of the thread: cutting, runs of letters, network."
    (out / "speed.json").write_text(json.dumps({"how": told, "ms": found}, indent=1), "utf-8")


def _of_size(network: PromptNetwork, words: list[str], size: int) -> str:
    """Return as many words as make a text of a size, its frames counted."""
    count = 1
    while len(list(network.pieces.cut(" ".join(words[: count + 1])))) <= size - 2:
        count += 1
    return " ".join(words[:count])


def _seconds(network: PromptNetwork, text: str) -> float:
    begun = time.thread_time()
    network.answers([(text, window) for window in network.pieces.windows(text)])
    return time.thread_time() - begun


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("out", type=Path)
    asked.add_argument("--against", type=Path)
    said = asked.parse_args()
    main(said.out, said.against)
