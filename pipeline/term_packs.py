"""Term packs at rest: sealed, pinned by digest, opened once at start or not at all.

A pack is a list of words that an operator must not leave lying about. It is one file:

    magic "IMPT" | version 1 | nonce 12 | ciphertext

in AES-256-GCM under `keys/terms.key`. The digest in the settings is that of this file: it says
nothing about the words, and no other file goes for it, be it one that opens as well.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.keyfile import create_secret
from classifiers import term_pack
from classifiers.term_pack import TermPack
from pipeline.errors import SettingsError, TermPackError
from pipeline.files import make_folder
from pipeline.settings import TermPackFile, read_key

KEY_NAME = "terms"
"""The key in the keys' folder that seals packs and opens them."""
_MAGIC = b"IMPT\x01"
_NONCE_BYTES = 12
_KEY_BYTES = 32


def seal(name: str, data: bytes, key: bytes, random: Callable[[int], bytes]) -> bytes:
    """Seal the CSV file of a pack, which MUST be one.

    Raises:
        TermsError: it is not a pack.
    """
    term_pack.parse(name, "", data)
    nonce = random(_NONCE_BYTES)
    return _MAGIC + nonce + AESGCM(key).encrypt(nonce, data, _MAGIC)


def unseal(name: str, sealed: bytes, key: bytes) -> TermPack:
    """Open a sealed pack.

    Raises:
        TermPackError: it is no sealed pack, it was altered, or sealed under another key.
        TermsError: what is in it is not a pack.
    """
    what = f"term pack {name}"
    if not sealed.startswith(_MAGIC):
        raise TermPackError(what, "a sealed pack", "another file")
    nonce, ciphertext = sealed[len(_MAGIC) :][:_NONCE_BYTES], sealed[len(_MAGIC) + _NONCE_BYTES :]
    try:
        data = AESGCM(key).decrypt(nonce, ciphertext, _MAGIC)
    except (InvalidTag, ValueError):
        raise TermPackError(what, "a pack of this key", "one altered or of another") from None
    return term_pack.parse(name, digest_of(sealed), data)


def digest_of(sealed: bytes) -> str:
    """Return the digest by which the settings name a sealed pack."""
    return sha256(sealed).hexdigest()


def key_for_sealing(keys_dir: Path, packs: Sequence[Path], random: Callable[[int], bytes]) -> bytes:
    """Return the key, made if there is neither a key nor a pack that one must have sealed.

    Raises:
        SettingsError: it is missing though there are `packs`, malformed, or others can read it.
    """
    path = keys_dir / f"{KEY_NAME}.key"
    if not path.exists() and not packs:
        make_folder(keys_dir)
        create_secret(path, random(_KEY_BYTES).hex() + "\n")
    return read_key(keys_dir, KEY_NAME)


def opened(packs: Sequence[TermPackFile], keys_dir: Path) -> tuple[TermPack, ...]:
    """Open every pack that the settings name, each by its digest.

    Raises:
        SettingsError: one cannot be used; a line for the first of them says what to change.
    """
    if not packs:
        return ()
    key = read_key(keys_dir, KEY_NAME)
    return tuple(_opened(number, pack, key) for number, pack in enumerate(packs))


def _opened(number: int, pack: TermPackFile, key: bytes) -> TermPack:
    name = f"term_packs[{number}]"
    try:
        sealed = pack.file.read_bytes()
    except OSError as fault:
        reason = type(fault).__name__
        raise SettingsError([f"{name}.file: {pack.file} cannot be read: {reason}"]) from None
    if digest_of(sealed) != pack.digest:
        problem = (
            f"{pack.file} is another file than the one named: name the right one, or seal anew"
        )
        raise SettingsError([f"{name}.digest: {problem}"])
    try:
        return unseal(pack.name, sealed, key)
    except TermPackError:
        problem = f"{pack.file} was sealed under another key: put {KEY_NAME}.key back, or seal anew"
        raise SettingsError([f"{name}.file: {problem}"]) from None
