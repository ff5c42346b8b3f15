"""Mutations of an export: what each does to its files, and what whoever does it hopes for."""

import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from audit.canonical_json import canonical
from audit.entry import Json
from audit.export.folder import pack
from audit.export.manifest import Manifest
from audit.export.order import Order
from audit.export.profile import Profile, Scope
from tests.tamper.exporting import World, exported, order_of
from tests.tamper.papers import signature_flipped
from tests.tamper.scene import ERASED, Scene, signer_of

CASE = tuple(str(UUID(int=number)) for number in (1, 50, ERASED))


@dataclass(frozen=True, slots=True)
class Forger:
    """Somebody who has a directory with an export; `order` holds the key that was thrown away."""

    folder: Path
    scene: Scene
    order: Order

    def put(self, name: str, data: bytes) -> None:
        """Write a file, whether it was there or not."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def edit(self, name: str, old: bytes, new: bytes) -> None:
        """Change the first place where a file says something."""
        data = (self.folder / name).read_bytes()
        assert old in data
        self.put(name, data.replace(old, new, 1))

    def flip(self, name: str, place: int = 0) -> None:
        """Change one bit of a file."""
        data = bytearray((self.folder / name).read_bytes())
        data[place] ^= 1
        self.put(name, bytes(data))

    def manifest(self) -> Manifest:
        """Return the manifest as it is now."""
        return Manifest.parse((self.folder / "manifest.json").read_bytes())

    def lines(self, name: str) -> list[bytes]:
        """Return the lines of a file."""
        return (self.folder / name).read_bytes().splitlines(keepends=True)

    def drop_line(self, name: str, number: int) -> None:
        """Remove a line."""
        lines = self.lines(name)
        del lines[number]
        self.put(name, b"".join(lines))

    def say(self, **said: Json) -> None:
        """Write the manifest again, as the files are now; the signature stays as it was."""
        manifest = json.loads((self.folder / "manifest.json").read_bytes())
        paths = [path for path in sorted(self.folder.rglob("*")) if path.is_file()]
        files = {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in paths}
        manifest["files"] = {
            name: {"sha256": sha256(data).hexdigest(), "size": len(data)}
            for name, data in files.items()
            if name not in {"manifest.json", "manifest.note"}
        }
        self.put("manifest.json", canonical({**manifest, **said}) + b"\n")

    def say_and_sign(self, **said: Json) -> None:
        """Write and sign it again: what the maker alone could have done, while it had the key."""
        self.say(**said)
        self.sign(self.order)

    def sign(self, order: Order) -> None:
        """Sign the manifest with the key of an order."""
        self.put("manifest.note", order.sign(self.manifest()).encode())


@dataclass(frozen=True, slots=True)
class Change:
    """One way to change an export; `packs` makes the file to be shown, where it is not `pack`."""

    name: str
    hope: str
    attack: Callable[[Forger], object]
    packs: Callable[[Path, Path], object] | None = None


def made(scene: Scene, folder: Path) -> Forger:
    """Return an export of the scene's log for one case: some opened, some erased, some left out."""
    asked = Scope(Profile.LAW_ENFORCEMENT, "ab" * 32, submissions=CASE, authority="court 7")
    order = order_of(asked)
    house = World(scene.path, scene.signer, scene.keys)
    return Forger(exported(house, folder, order), scene, order)


def changed(forger: Forger, change: Change, folder: Path) -> Path:
    """Return a changed copy."""
    copied = replace(forger, folder=folder / "copy")
    for old in (copied.folder, copied.folder.with_suffix(".zip")):
        shutil.rmtree(old, ignore_errors=True)
        old.unlink(missing_ok=True)
    shutil.copytree(forger.folder, copied.folder)
    change.attack(copied)
    if change.packs is None:
        return copied.folder
    change.packs(copied.folder, copied.folder.with_suffix(".zip"))
    return copied.folder.with_suffix(".zip")


def _done(*steps: Callable[[Forger], object]) -> Callable[[Forger], object]:
    def attack(forger: Forger) -> None:
        for step in steps:
            step(forger)

    return attack


def _edited(name: str, old: bytes, new: bytes) -> Callable[[Forger], object]:
    return lambda forger: forger.edit(name, old, new)


def _said(forger: Forger) -> None:
    forger.say()


def _signed(forger: Forger) -> None:
    forger.say_and_sign()


def _saying(**said: Json) -> Callable[[Forger], object]:
    return lambda forger: forger.say_and_sign(**said)


def _entry_added(forger: Forger) -> None:
    forger.put("entries.jsonl", b"".join([*forger.lines("entries.jsonl"), b"{}\n"]))


def _entries_swapped(forger: Forger) -> None:
    first, second, third, *rest = forger.lines("entries.jsonl")
    forger.put("entries.jsonl", b"".join([first, third, second, *rest]))


def _tile_dropped(forger: Forger) -> None:
    (forger.folder / "log/tile/0/000").unlink()


def _without(name: str) -> Callable[[Forger], object]:
    return lambda forger: (forger.folder / name).unlink()


def _flipped(name: str, place: int = 0) -> Callable[[Forger], object]:
    return lambda forger: forger.flip(name, place)


def _checkpoint_flipped(forger: Forger) -> None:
    note = (forger.folder / "log/checkpoint").read_text("utf-8")
    forger.put("log/checkpoint", signature_flipped(note).encode())


def _put(name: str, data: bytes) -> Callable[[Forger], object]:
    return lambda forger: forger.put(name, data)


def _other_reason(forger: Forger) -> None:
    said = (forger.folder / "withheld.jsonl").read_bytes()
    forger.put("withheld.jsonl", said.replace(b"other_case", b"not_sampled"))
    left_out = forger.manifest().withheld["other_case"]
    forger.say_and_sign(withheld={"not_sampled": left_out})


def _reason_dropped(forger: Forger) -> None:
    said = (forger.folder / "withheld.jsonl").read_bytes()
    forger.put("withheld.jsonl", said.replace(b"other_case", b"dropped"))
    forger.say_and_sign(withheld={"dropped": forger.manifest().withheld["other_case"]})


def _entry_dropped(forger: Forger) -> None:
    forger.drop_line("entries.jsonl", 2)
    forger.drop_line("entries.csv", 3)


def _older_head(forger: Forger) -> None:
    forger.put("log/checkpoint", forger.scene.older.encode())


def _resigned_by_a_stranger(forger: Forger) -> None:
    stranger = signer_of("a stranger's")
    path = forger.folder / "log" / "checkpoint"
    text = path.read_text("utf-8").partition("\n\n")[0] + "\n"
    path.write_bytes(f"{text}\n{stranger.sign(text).line()}".encode())


def _by_another_key(forger: Forger) -> None:
    forger.say()
    other = signer_of("a stranger's").key
    forger.sign(replace(forger.order, key=other))


def _checkpoint_moved(forger: Forger) -> None:
    lines = [json.loads(line) for line in forger.lines("checkpoints.jsonl")]
    lines[0]["note"] = lines[1]["note"]
    forger.put("checkpoints.jsonl", b"".join(json.dumps(e).encode() + b"\n" for e in lines))


def _scope(forger: Forger, **more: Json) -> None:
    said: Mapping[str, Json] = {**forger.order.scope.said(), **more}
    forger.say_and_sign(scope=said)


def _disclosed(**more: Json) -> Callable[[Forger], object]:
    def attack(forger: Forger) -> None:
        lines = [json.loads(line) for line in forger.lines("disclosed.jsonl")]
        lines[0] |= more
        forger.put("disclosed.jsonl", b"".join(canonical(each) + b"\n" for each in lines))

    return attack


def _opened_too_much(forger: Forger) -> None:
    """Say that nobody but an auditor asked; what was opened stays."""
    asked = {**forger.order.scope.said(), "profile": "regulator", "submissions": []}
    forger.say_and_sign(scope=asked)


def _twice(folder: Path, path: Path) -> None:
    pack(folder, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo("entries.jsonX"), b"")
    path.write_bytes(path.read_bytes().replace(b"entries.jsonX", b"entries.jsonl"))


def _with_a_tail(folder: Path, path: Path) -> None:
    pack(folder, path)
    path.write_bytes(path.read_bytes() + b"and more")


def _squeezed(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted(folder.rglob("*")):
            if each.is_file():
                archive.write(each, each.relative_to(folder).as_posix())


def _leading_out(folder: Path, path: Path) -> None:
    pack(folder, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo("../outside"), b"")


def _nothing(_: Forger) -> None:
    """Leave the files as they are: what is wrong is how they are packed."""


def _linked(forger: Forger) -> None:
    (forger.folder / "VERIFY.md").unlink()
    (forger.folder / "VERIFY.md").symlink_to("manifest.json")


_ALLOWED, _BLOCKED = b'"action":"allow"', b'"action":"block"'

CHANGES = (
    Change("entry edited", "an `allow` reads `block`",
           _edited("entries.jsonl", _ALLOWED, _BLOCKED)),
    Change("entry edited, manifest made again", "the sums agree",
           _done(_edited("entries.jsonl", _ALLOWED, _BLOCKED), _said)),
    Change("entry edited, signed", "its maker lies",
           _done(_edited("entries.jsonl", _ALLOWED, _BLOCKED), _signed)),
    Change("entry dropped, signed", "it never happened",
           _done(_entry_dropped, _saying(disclosed=8))),
    Change("entry added at the end, signed", "it happened after all", _done(_entry_added, _signed)),
    Change("two entries swapped, signed", "it came before", _done(_entries_swapped, _signed)),
    Change("hash in a tile changed", "another entry stood there", _flipped("log/tile/0/000")),
    Change("hash of an entry that is left out changed, signed", "nobody sees what it was",
           _done(_flipped("log/tile/0/000", 32 * 200), _signed)),
    Change("upper tile changed, signed", "proofs lead elsewhere",
           _done(_flipped("log/tile/1/000.p/1"), _signed)),
    Change("tile dropped", "proofs cannot be made", _tile_dropped),
    Change("tile dropped, signed", "the log was shorter", _done(_tile_dropped, _signed)),
    Change("signature under the checkpoint changed, signed", "nobody verifies it",
           _done(_checkpoint_flipped, _signed)),
    Change("older genuine checkpoint put in, signed", "the last part never was",
           _done(_older_head, _signed)),
    Change("checkpoint signed by a stranger in the log's name, signed", "only names are compared",
           _done(_resigned_by_a_stranger, _signed)),
    Change("earlier checkpoint moved to another size, signed", "it vouches for that",
           _done(_checkpoint_moved, _signed)),
    Change("file added", "it looks like a part of it", _put("note.txt", b"all is well")),
    Change("file dropped", "nobody misses it", _without("withheld.jsonl")),
    Change("verifier in it replaced", "whoever runs that one is told that all is well",
           _put("verify.pyz", b"print('everything checked holds')")),
    Change("manifest edited", "another court asked",
           _edited("manifest.json", b"court 7", b"court 8")),
    Change("manifest with a key twice", "two readers read two things",
           _edited("manifest.json", b'{"disclosed":', b'{"disclosed":0,"disclosed":')),
    Change("signature of the manifest dropped", "nobody asks for it", _without("manifest.note")),
    Change("manifest signed by a stranger in the export's name", "only names are compared",
           _by_another_key),
    Change("size in the manifest changed, signed", "the log was longer", _saying(size=400)),
    Change("authority changed, signed", "this is who asked",
           lambda f: _scope(f, authority="court 8")),
    Change("case narrowed, signed", "one person more than was asked for is in it",
           lambda f: _scope(f, submissions=[CASE[0], CASE[2]])),
    Change("reason that the scope has not, signed", "it was left out rightly", _other_reason),
    Change("reason that no shard was dropped for, signed", "it went with its shard",
           _reason_dropped),
    Change("range of what is left out widened, signed", "one entry less",
           _done(_edited("withheld.jsonl", b'"first":51', b'"first":50'), _signed)),
    Change("count of what is left out changed, signed", "fewer were",
           _saying(withheld={"other_case": 1})),
    Change("count of erased details changed, signed", "none was", _saying(erased=0)),
    Change("disclosed value changed, signed", "other words were asked",
           _done(_disclosed(value={"text": "a lighthouse"}), _signed)),
    Change("salt of a disclosed value changed, signed", "the commitment fits another text",
           _done(_disclosed(salt="AAAA"), _signed)),
    Change("disclosed value moved to another entry, signed", "somebody else asked",
           _done(_disclosed(index=2), _signed)),
    Change("all disclosed values dropped, signed", "they were erased",
           _done(_put("disclosed.jsonl", b""), _signed)),
    Change("values that the profile does not open, signed", "what is in the clear may be there",
           _opened_too_much),
    Change("cell of the table changed, signed", "people read the table",
           _done(_edited("entries.csv", b"allow", b"block"), _signed)),
    Change("figure changed, signed", "people read the figures",
           _done(_edited("figures/counts.csv", b",3\r\n", b",2\r\n"), _signed)),
    Change("policy under another's digest, signed", "this is what was in force",
           _done(_put(f"policies/{'0' * 64}.jsonl", b"{}"), _signed)),
    Change("link in the directory", "another file is hashed than is read", _linked),
    Change("zip file with a name twice", "two readers read two things", _nothing, _twice),
    Change("zip file with a tail", "there is room for more", _nothing, _with_a_tail),
    Change("zip file that is squeezed", "it fills the disk of whoever opens it",
           _nothing, _squeezed),
    Change("zip file with a name that leads out", "it overwrites something",
           _nothing, _leading_out),
)  # fmt: skip
"""`signed`: by the export's own key, which only its maker had, and throws away."""
