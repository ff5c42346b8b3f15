"""The page in an export that says how to check it."""

from audit.export.profile import WITH_TILES, Scope

_PAGE = """\
# How to check this export

Profile `{profile}`, from the log `{origin}`. You need Python 3.11 or later, nothing else, and no
network. Take the log's verifier key from where its operator publishes it, NOT from whoever gave
you this. Better still, take `verify.pyz` from another place too, and compare its sha256.

    python -I verify.pyz EXPORT log.vkey
    python -I verify.pyz EXPORT log.vkey --known checkpoint.txt

EXPORT is this directory or the zip file. `--known` is a checkpoint that you or somebody you trust
kept earlier: only that shows that the end of the log was not cut off, and that the key's holder
did not write it all anew. Exit status: 0 all that was checked holds, 1 it does not, 2 it could not
be checked. The last lines say what was NOT proved. Read them.

## What is in it

`manifest.json` names every file with its sha256; `manifest.note` signs it, with a key that the
log's own entry of this export names. `entries.jsonl` holds the entries themselves, a line each,
byte for byte as they were hashed; everything else about them follows from it. `entries.csv` says
the same for people, with cells that no spreadsheet takes for a formula.
{proof}
`disclosed.jsonl`, if it is not empty, opens commitments: HMAC-SHA256, with the salt as its key, of
`gw-commit/v1`, a zero byte, the field's name, a zero byte, the value. `policies/` holds policies by
the sha256 that entries name. `schema/` describes the files.
"""
_TILES = """\
`log/` is the tree in the layout of C2SP tlog-tiles: the hash of every entry of the whole log, also
of those that are left out. Which those are, and why, says `withheld.jsonl`; the lines of
`entries.jsonl` are the others, in order. `checkpoints.jsonl` holds earlier checkpoints."""
_PROOFS = """\
`proofs/` proves each entry (c2sp.org/tlog-proof@v1); the file's name is the entry's index. That
these are all the entries of their kind is not proved: other people's are not yours to see."""


def text(scope: Scope, origin: str) -> str:
    """Return the page of one export."""
    proof = _TILES if scope.profile in WITH_TILES else _PROOFS
    return _PAGE.format(profile=scope.profile.value, origin=origin, proof=proof)
