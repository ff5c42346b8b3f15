"""Hands out the verifier as one file, for somebody who has nothing of ours."""

from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from audit.verifier import packed
from pipeline.cli.output import AsJson, note, say, say_json, told


def verifier(
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write it.")] = Path(
        "verify.pyz"
    ),
    as_json: AsJson = False,
) -> None:
    """Write the verifier as one file that any Python 3.11 or later runs, without anything else.

    Whoever gets it verifies a copy of the log offline, trusting neither this
    machine nor its libraries: python verify.pyz log.db log.vkey. The same
    release always writes the same bytes, so the digest can be compared.

    Exits with 0, or 2 (it cannot be written).

    Examples:
      imprimatur audit verifier -o verify.pyz
    """
    content = packed()
    digest = sha256(content).hexdigest()
    with told():
        output.write_bytes(content)
    if as_json:
        say_json({"path": str(output), "bytes": len(content), "sha256": digest})
        return
    say(f"{digest}  {output}")
    note(f"wrote {output}: python {output} log.db log.vkey --known checkpoint.txt")
