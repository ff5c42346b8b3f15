"""Prints whom the shipped policies stop for nothing, and what they catch, with the prompt model in.

    python -m tests.bench.gate [--data FOLDER] [--page docs/prompt-gate.md]

Nothing is asserted. FOLDER holds what `make fetch-prompts` fetches; texts are of its test split.
With --page, the tables take the place of those that the page has.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from pipeline.cli.measuring.page import percent
from pipeline.cli.screening.screener import screener
from tests.bench.gate_outcomes import TERMS, outcomes, policy
from tests.bench.gate_tables import tables
from tests.bench.harmless import Absent
from tests.bench.held_out import cases, disguised
from tests.bench.pages import replaced
from tests.evasion.corpus import caught_by_script, caught_of, placeholder_terms, tried

DATA = Path(__file__).parents[3] / "shared" / "data" / "prompts"
SECTION = "gate"


def main() -> None:
    """Measure, and print or write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA, help="a folder of labelled texts")
    parser.add_argument("--page", type=Path, help="a page whose tables are to be replaced")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    try:
        texts = [*cases(options.data), *disguised()]
    except Absent as fault:
        sys.exit(f"{options.data}: {fault}: fetch it with make fetch-prompts, or name another")
    seen = list(outcomes(texts, options.processes))
    made = "\n".join([_by_whom(), *tables(seen), _caught()])
    if options.page is None:
        print(made)
        return
    replaced(options.page, SECTION, made)


def _by_whom() -> str:
    """Say what looked and what decided."""
    ids = ", ".join(f"`{source}`" for source in screener(TERMS).sources)
    return f"By {ids}, under the policy `{policy().digest[:12]}`.\n"


def _caught() -> str:
    """Say how many listed words the terms catch in disguise; they are harmless, so they alone."""
    with tempfile.TemporaryDirectory() as folder:
        rows = list(tried(placeholder_terms(Path(folder))))
    scripts = ", ".join(
        f"{name} {percent(share)}" for name, share in caught_by_script(rows).items()
    )
    cases = sum(len(row.words) for row in rows)
    return (
        f"Of {cases:,} listed placeholder words in {len(rows)} disguises, the terms alone catch"
        f" {percent(caught_of(rows))} (by script: {scripts}).\n"
    )


if __name__ == "__main__":
    main()
