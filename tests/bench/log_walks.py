"""How fast a log is verified, and that an append costs the same at every size.

    python -m tests.bench.log_walks [folder] [entries to verify] [largest size]

Entries are those of a usual request: admit, generated, examined, release. Verification stands
beside its floor, SHA-256 of the same bytes and of as many inner nodes, in the same run; appends
beside those to the smallest log. All by the processor's time, in one process. Prints ratios; gates
nothing. Five million entries need some 8 GB and a quarter of an hour.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from audit.entry import Entry, Json, Kind, entry_id
from audit.guard import MemoryGuard
from audit.leaf import leaf_of
from audit.opening import open_writer
from audit.seal import fresh_salts
from audit.signer import Ed25519Signer
from audit.sqlite_writer import Writer
from audit.store import Prepared
from audit.verifier import packed
from audit.verify import verify
from tests.bench.bench_audit import KEYS, NOON, ORIGIN, connect

_DIGEST = "ab" * 32
_STEPS: Sequence[tuple[Kind, int, dict[str, Json]]] = (
    (Kind.ADMIT, 2, {"action": "allow", "code": "OK", "models": [_DIGEST] * 3, "samples": 1}),
    (Kind.GENERATED, 3, {"duration_us": 3_123_456, "samples": 1, "policy_digest": _DIGEST}),
    (Kind.EXAMINED, 2, {"action": "allow", "automated": True, "policy_digest": _DIGEST}),
    (Kind.RELEASE, 4, {"bytes": 912_345, "marked": True, "policy_digest": _DIGEST}),
)
_BATCH = 128
_TURNS = 5
_MEASURED = 100  # batches, at each size
_SIZES = (1_000, 10_000, 100_000, 1_000_000, 5_000_000)


def entries() -> Iterator[Prepared]:
    """Yield entries for ever, as a gateway writes them."""
    number = 0
    while True:
        number += 1
        submission = UUID(int=number)
        for kind, personal, public in _STEPS:
            said = {**public, "submission": str(submission), "tenant": "acme", "attempt": 0}
            values = {f"sha256_{each}": "x" for each in range(personal)}
            detail = {"score": 1} if kind is Kind.EXAMINED else {}
            entry = Entry(entry_id(submission, kind), kind, NOON, said, values, detail)
            salts = fresh_salts(entry)
            leaf = leaf_of(entry, salts).write()
            yield Prepared(entry.entry_id, leaf, KEYS.seal(entry, salts))


def opened(path: Path, signer: Ed25519Signer) -> Writer:
    """Make a log."""
    return open_writer(
        path,
        signers=[signer],
        guard=MemoryGuard(),
        now=lambda: NOON,
        connect=connect,
        known_checkpoints=(),
    )


def least(work: Callable[[], object]) -> float:
    """Return the least processor time of a few runs: other programs only ever add to it."""
    times: list[float] = []
    for _ in range(_TURNS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def verification(folder: Path, signer: Ed25519Signer, count: int) -> None:
    """Print what it costs to verify a log."""
    path, vkey, made = folder / "verified.db", signer.vkey.write(), entries()
    writer, leaves = opened(path, signer), list[bytes]()
    for _ in range(count // _BATCH):
        batch = [next(made) for _ in range(_BATCH)]
        leaves += [each.leaf for each in batch]
        writer.append(batch)
    writer.close()
    size, node = len(leaves), bytes(65)

    def floor() -> None:
        for leaf in leaves:
            sha256(b"\x00" + leaf).digest()
            sha256(node).digest()

    bare = least(floor)
    hashed = least(lambda: verify(path, vkey, hashes_only=True))
    whole = least(lambda: verify(path, vkey))
    print(
        f"{size} entries of {sum(map(len, leaves)) // size} bytes, a checkpoint for {_BATCH} each"
    )
    for name, took in (("SHA-256 alone", bare), ("hashes only", hashed), ("whole", whole)):
        print(f"{name:>20}  {size / took:9.0f}/s  {took / bare:5.1f}x the floor's time")
    pyz = folder / "verify.pyz"
    pyz.write_bytes(packed())
    began = time.perf_counter()
    subprocess.run([sys.executable, str(pyz), str(path), vkey], check=True, capture_output=True)
    took = time.perf_counter() - began
    print(f"{'verify.pyz':>20}  {size / took:9.0f}/s  by the clock, signatures in pure Python")


def growth(folder: Path, signer: Ed25519Signer, largest: int) -> None:
    """Print what a batch costs to append, at each size of the log."""
    writer, made, size, first = opened(folder / "grown.db", signer), entries(), 1, 0.0
    for target in (each for each in _SIZES if each <= largest):
        while size < target:
            batch = [next(made) for _ in range(256)]
            writer.append(batch)
            size += len(batch)
        times: list[float] = []
        for _ in range(_MEASURED):
            batch = [next(made) for _ in range(32)]
            began = time.process_time()
            writer.append(batch)
            times.append((time.process_time() - began) / len(batch))
            size += len(batch)
        each = sorted(times)[_MEASURED // 4]  # the lower quartile: others share the machine
        first = first or each
        print(f"{target:>20}  {each * 1e6:7.1f} us an entry  {each / first:5.2f}x")
    writer.close()


def main(arguments: Sequence[str]) -> None:
    """Measure, and print."""
    parent = arguments[0] if arguments else None
    count = int(arguments[1]) if len(arguments) > 1 else 50_000
    largest = int(arguments[2]) if len(arguments) > 2 else 100_000
    with tempfile.TemporaryDirectory(dir=parent) as made:
        folder = Path(made)
        signer = Ed25519Signer.create(folder / "key", ORIGIN)
        print("verification, one core")
        verification(folder, signer, count)
        print("append, in batches of 32, to a log of so many entries")
        growth(folder, signer, largest)


if __name__ == "__main__":
    main(sys.argv[1:])
