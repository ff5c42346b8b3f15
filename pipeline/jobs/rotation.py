"""The keys that sign the log: their files, and changing them while it serves."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from audit.checkpoint import MAX_SIZE
from audit.errors import UnusableError
from audit.keyfile import sync_folder
from audit.log import Log
from audit.rotation import KeyChain
from audit.signer import Ed25519Signer
from audit.vkey import VerifierKey
from pipeline.jobs.errors import RotationError

FIRST, VKEY = "log.key", "log.vkey"


@dataclass(frozen=True, slots=True)
class Rotation:
    """Adds a key and retires the one before it, each by an entry; both sign in between."""

    log: Log
    folder: Path
    now: Callable[[], datetime]

    async def add(self, person: str) -> VerifierKey:
        """Have a new key sign beside the one that does; a key file that waits is taken first.

        Raises:
            RotationError: two keys sign already.
            AuditError: it is not in the log; nothing changed.
        """
        chain = await self.log.keys()
        if len(chain.at(MAX_SIZE)) > 1:
            raise RotationError("two keys sign already: retire the older one first")
        signer = self._waiting(chain) or self._made(chain.first.name)
        await self.log.add_key(signer, self.now(), {"person": person})
        write_vkeys(self.folder, await self.log.keys())
        return signer.vkey

    async def retire(self, person: str) -> tuple[VerifierKey, Path | None]:
        """Have the older of two keys sign no more; return it, and where its file lies.

        Raises:
            RotationError: only one key signs.
            AuditError: it is not in the log; nothing changed.
        """
        older, *newer = (await self.log.keys()).at(MAX_SIZE)
        if not newer:
            raise RotationError("one key signs: add its successor first, and let both sign a while")
        await self.log.retire_key(older, self.now(), {"person": person})
        files = {Ed25519Signer.load(path).vkey: path for path in key_files(self.folder)}
        return older, files.get(older)

    def _waiting(self, chain: KeyChain) -> Ed25519Signer | None:
        held = map(Ed25519Signer.load, key_files(self.folder))
        return next((each for each in held if not chain.names(each.vkey)), None)

    def _made(self, origin: str) -> Ed25519Signer:
        new = self.folder / "log.new"
        new.unlink(missing_ok=True)  # of an attempt that was cut off: no entry names it
        signer = Ed25519Signer.create(new, origin)
        new.rename(self.folder / f"log.{signer.vkey.key_id.hex()}.key")
        sync_folder(self.folder)
        return signer


def signers(folder: Path, origin: str) -> list[Ed25519Signer]:
    """Return every key that lies here, and make the first one where there is none.

    Raises:
        AuditError: a file is no key, others can read it, or the keys of a log that has begun are
            gone.
    """
    found = [Ed25519Signer.load(path) for path in key_files(folder)]
    if not found and (folder / VKEY).exists():
        raise UnusableError(str(folder / FIRST), "the log's key is missing: put it back")
    return found or [Ed25519Signer.create(folder / FIRST, origin)]


def key_files(folder: Path) -> list[Path]:
    """Return the files of the log's keys: the first one's, then those of its successors."""
    first = folder / FIRST
    return [*([first] if first.exists() else []), *sorted(folder.glob("log.*.key"))]


def write_vkeys(folder: Path, chain: KeyChain) -> None:
    """Write the verifier keys that the log ever had, a line each, the newest last.

    Whoever verifies can begin with any of them.
    """
    keys = [chain.first, *(each.vkey for each in chain.additions)]
    text = "".join(f"{each.write()}\n" for each in keys)
    path, new = folder / VKEY, folder / f"{VKEY}.new"
    if not path.exists() or path.read_text(encoding="ascii") != text:
        new.write_text(text, encoding="ascii")
        new.replace(path)
