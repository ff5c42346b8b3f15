"""A second verifier of exports, from the published specifications and docs/exports.md alone.

It imports nothing of ours. The tree is RFC 6962's recursive definition over all hashes at once,
signatures are verified by the `openssl` program, notes are taken apart with regular expressions.
"""

import base64
import hashlib
import hmac
import json
import re
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

Read = Callable[[str], bytes]
_NOTE = re.compile(r"((?:[^\n]*\n)+?)\n((?:— [^ \n]+ [A-Za-z0-9+/=]+\n)+)", re.DOTALL)
_DER = bytes.fromhex("302a300506032b6570032100")


class Refused(Exception):  # noqa: N818 - what it says is what happened
    """Something does not hold."""


def demand(holds: bool, what: str) -> None:
    """Go on only if it holds."""
    if not holds:
        raise Refused(what)


def open_second(path: Path, vkey: str) -> dict[str, Any]:
    """Verify an export and return its manifest."""
    names, read = _reading(path)
    manifest = json.loads(read("manifest.json"))
    files = manifest["files"]
    demand(set(names) == {*files, "manifest.json", "manifest.note"}, "other files")
    for name, said in files.items():
        demand(hashlib.sha256(read(name)).hexdigest() == said["sha256"], name)
    signed = _open_note(read("log/checkpoint").decode(), vkey).split("\n")
    origin, size, root = signed[0], int(signed[1]), base64.b64decode(signed[2])
    demand((origin, size, root.hex()) == _head(manifest), "another head")
    lines = read("entries.jsonl").splitlines()
    tiled = any(name.startswith("log/tile/") for name in names)
    if tiled:
        hashes = [*_level(0, size, read)]
        demand(_mth(hashes) == root, "another root")
        _check_upper_tiles(hashes, read)
        here = _not_withheld(size, read)
        demand(len(here) + sum(manifest["withheld"].values()) == size, "other counts")
        placed = dict(zip(here, lines, strict=True))
        for index, line in placed.items():
            demand(hashlib.sha256(b"\0" + line).digest() == hashes[index], f"entry {index}")
    else:
        indices = sorted(int(n[7:-11]) for n in names if n.startswith("proofs/"))
        placed = dict(zip(indices, lines, strict=True))
        for index, line in placed.items():
            _check_proof(read(f"proofs/{index}.tlog-proof").decode(), line, index, size, root)
    leaf = json.loads(placed[manifest["index"]])
    demand((leaf["id"], leaf["kind"]) == (manifest["export"], "export"), "another export")
    asked = hashlib.sha256(_canonical(manifest["scope"])).hexdigest()
    demand(leaf["public"]["digest"] == asked, "another scope")
    text = _open_note(read("manifest.note").decode(), leaf["public"]["vkey"])
    digest = hashlib.sha256(read("manifest.json")).hexdigest()
    demand(text == f"imprimatur.export/v1\n{manifest['export']}\n{digest}\n", "another manifest")
    for row in map(json.loads, read("disclosed.jsonl").splitlines()):
        _check_disclosed(row, json.loads(placed[row["index"]]))
    return dict(manifest)


def _reading(path: Path) -> tuple[Sequence[str], Read]:
    if path.is_dir():
        files = [each for each in path.rglob("*") if each.is_file()]
        return [each.relative_to(path).as_posix() for each in files], lambda name: (
            path / name
        ).read_bytes()
    archive = zipfile.ZipFile(path)
    return archive.namelist(), archive.read


def _head(manifest: dict[str, Any]) -> tuple[str, int, str]:
    return manifest["origin"], manifest["size"], manifest["root"]


def _open_note(note: str, vkey: str) -> str:
    """Return a note's text if the key signed it (c2sp.org/signed-note)."""
    name, key_id, encoded = re.fullmatch(r"([^+]+)\+([0-9a-f]{8})\+(.+)", vkey).groups()  # type: ignore[union-attr]
    key = base64.b64decode(encoded)
    demand(key[:1] == b"\x01", "another algorithm")
    demand(hashlib.sha256(f"{name}\n".encode() + key).hexdigest()[:8] == key_id, "another id")
    found = _NOTE.fullmatch(note)
    demand(found is not None, "no note")
    text, lines = found.groups()  # type: ignore[union-attr]
    for line in lines.splitlines():
        _, signer, blob = line.split(" ")
        signature = base64.b64decode(blob)
        if signer == name and signature[:4].hex() == key_id:
            _openssl(key[1:], text.encode(), signature[4:])
            return str(text)
    raise Refused("nobody we know signed it")


def _openssl(public: bytes, message: bytes, signature: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("k", _DER + public), ("m", message), ("s", signature)):
            (Path(folder) / name).write_bytes(data)
        done = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "k",
             "-rawin", "-in", "m", "-sigfile", "s"],
            cwd=folder, capture_output=True, check=False,
        )  # fmt: skip
    demand(done.returncode == 0, "a signature does not verify")


def _mth(hashes: Sequence[bytes]) -> bytes:
    """Return the Merkle tree hash, as RFC 6962, 2.1 defines it."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + _mth(hashes[:k]) + _mth(hashes[k:])).digest()


def _level(level: int, count: int, read: Read) -> Iterator[bytes]:
    """Yield the hashes of one level from its tiles (c2sp.org/tlog-tiles)."""
    for tile in range(-(-count // 256)):
        width = min(256, count - tile * 256)
        digits = f"{tile:03}"
        path = digits[-3:]
        while digits := digits[:-3]:
            path = f"x{digits[-3:]:0>3}/{path}"
        data = read(f"log/tile/{level}/{path}" + (f".p/{width}" if width < 256 else ""))
        demand(len(data) == width * 32, "a tile of another length")
        yield from (data[at : at + 32] for at in range(0, len(data), 32))


def _check_upper_tiles(hashes: Sequence[bytes], read: Read) -> None:
    level = 1
    while len(hashes) >= 256:
        whole = len(hashes) // 256
        made = [_mth(hashes[at * 256 : at * 256 + 256]) for at in range(whole)]
        demand(made == [*_level(level, whole, read)], f"a tile of level {level}")
        hashes, level = made, level + 1


def _not_withheld(size: int, read: Read) -> list[int]:
    out = [json.loads(line) for line in read("withheld.jsonl").splitlines()]
    gone = {index for each in out for index in range(each["first"], each["last"] + 1)}
    return [index for index in range(size) if index not in gone]


def _check_proof(proof: str, line: bytes, index: int, size: int, root: bytes) -> None:
    """Check RFC 6962's audit path, from c2sp.org/tlog-proof."""
    head, _, rest = proof.partition("\n\n")
    first, at, *path = head.split("\n")
    demand(first == "c2sp.org/tlog-proof@v1" and at == f"index {index}", "another proof")
    demand(rest.split("\n")[1] == str(size), "another size")
    steps = [base64.b64decode(each) for each in path]
    leaf = hashlib.sha256(b"\0" + line).digest()
    demand(_climb(leaf, index, size, steps) == root, f"entry {index} is not in the log")


def _climb(leaf: bytes, index: int, size: int, steps: list[bytes]) -> bytes:
    if size == 1:
        return leaf
    k = 1
    while k * 2 < size:
        k *= 2
    *below, last = steps
    if index < k:
        return hashlib.sha256(b"\x01" + _climb(leaf, index, k, below) + last).digest()
    return hashlib.sha256(b"\x01" + last + _climb(leaf, index - k, size - k, below)).digest()


def _check_disclosed(row: dict[str, Any], leaf: dict[str, Any]) -> None:
    ((form, value),) = row["value"].items()
    shown = _canonical(value) if form == "json" else str(value).encode()
    if form == "bytes":
        shown = base64.b64decode(value)
    name = row["field"]
    said = leaf["detail"] if name == "@detail" else leaf["personal"][name]
    message = b"gw-commit/v1\0" + name.encode() + b"\0" + shown
    made = hmac.new(base64.b64decode(row["salt"]), message, "sha256").hexdigest()
    demand(made == said, f"{name} is not what was committed to")


def _canonical(said: Any) -> bytes:
    """Write JSON as RFC 8785 does, as far as whole numbers and plain keys go."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
