"""The erasable half of an entry: values and salts, encrypted beside the leaf.

Each record has its own AES-256-GCM key, wrapped (RFC 3394) by a key-encryption key that lives in
a file outside the database and outside its backups. Erasing is deleting the row; destroying the
key-encryption key erases whatever backups still hold.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from audit.canonical_json import canonical
from audit.entry import Entry, Json
from audit.errors import AbsentError, MalformedError, UntrustedError
from audit.fields import is_code
from audit.keyfile import create_secret, read_secret
from audit.leaf import DETAIL, SALT_BYTES, Leaf, as_bytes, commitment, read_object
from audit.note import decode_base64, encode_base64

KEY_BYTES = 32
_NONCE_BYTES = 12
_DOMAIN = b"gw-detail/v1\x00"


@dataclass(frozen=True, slots=True)
class Sealed:
    """One record's ciphertext, and its key as only a key-encryption key can open it."""

    key_id: str
    wrapped: bytes
    nonce: bytes
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class Detail:
    """An entry's personal fields and detail, opened, with the salts that prove each of them."""

    personal: Mapping[str, str | bytes] = field(repr=False)
    detail: Mapping[str, Json] = field(repr=False)
    salts: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class DetailKeys:
    """Key-encryption keys by id. `current` seals; all of them open."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def create(cls, path: Path, key_id: str) -> "DetailKeys":
        """Make a file (0600) with one new key.

        Raises:
            FileExistsError: keys are never overwritten.
        """
        keys = cls(key_id, {key_id: os.urandom(KEY_BYTES)})
        create_secret(path, keys.write())
        return keys

    @classmethod
    def load(cls, path: Path) -> "DetailKeys":
        """Read a key file: a line `id base64` for each key; the last one seals.

        Raises:
            UnusableError: others can read it.
            MalformedError: it is not a key file.
        """
        lines = read_secret(path).splitlines()
        keys = {name: decode_base64(key, "detail key") for name, key in map(_key_line, lines)}
        if not keys or len(keys) != len(lines) or {*map(len, keys.values())} != {KEY_BYTES}:
            raise MalformedError("detail keys", "distinct ids, 32 bytes each", len(lines))
        return cls([*keys][-1], keys)

    def write(self) -> str:
        """Write the key file's content. It is secret."""
        return "".join(f"{name} {encode_base64(key)}\n" for name, key in self.keys.items())

    def seal(self, entry: Entry, salts: Mapping[str, bytes]) -> Sealed:
        """Encrypt what the leaf only commits to; `leaf_of` MUST have accepted the entry."""
        values = {name: _written(value) for name, value in entry.personal.items()}
        written = {name: encode_base64(salt) for name, salt in salts.items()}
        plain = json.dumps({"personal": values, "detail": entry.detail, "salts": written}).encode()
        drawn = os.urandom(KEY_BYTES + _NONCE_BYTES)
        key, nonce = drawn[:KEY_BYTES], drawn[KEY_BYTES:]
        ciphertext = AESGCM(key).encrypt(nonce, plain, _DOMAIN + entry.entry_id.bytes)
        wrapped = aes_key_wrap(self.keys[self.current], key)
        return Sealed(self.current, wrapped, nonce, ciphertext)

    def open(self, sealed: Sealed, leaf: Leaf) -> Detail:
        """Decrypt, and hold every value to the commitment in the leaf.

        Raises:
            AbsentError: the key-encryption key is not here (or was destroyed).
            UntrustedError: the ciphertext or a value is not what the leaf commits to.
        """
        kek = self.keys.get(sealed.key_id)
        if kek is None:
            raise AbsentError("detail key", f"{sealed.key_id!r} is not here")
        try:
            key = aes_key_unwrap(kek, sealed.wrapped)
            aad = _DOMAIN + leaf.entry_id.bytes
            plain = AESGCM(key).decrypt(sealed.nonce, sealed.ciphertext, aad)
        except (InvalidUnwrap, InvalidTag, ValueError) as fault:
            raise UntrustedError("detail", f"that of {leaf.entry_id} does not decrypt") from fault
        detail = _read(read_object(plain, "detail"))
        _hold_to(leaf, detail)
        return detail


def fresh_salts(entry: Entry) -> dict[str, bytes]:
    """Return new random salts: one for each personal field, one for the detail if there is any."""
    names = [*entry.personal, *([DETAIL] if entry.detail else [])]
    drawn = os.urandom(SALT_BYTES * len(names))
    places = range(0, len(drawn), SALT_BYTES)
    return {name: drawn[at : at + SALT_BYTES] for name, at in zip(names, places, strict=True)}


def _written(value: str | bytes) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"bytes": encode_base64(value)}
    return {"text": value}


def _read(plain: Mapping[str, Json]) -> Detail:
    personal = cast("Mapping[str, Mapping[str, str]]", plain["personal"])
    salts = cast("Mapping[str, str]", plain["salts"])
    return Detail(
        {
            name: value["text"] if "text" in value else decode_base64(value["bytes"], "value")
            for name, value in personal.items()
        },
        cast("Mapping[str, Json]", plain["detail"]),
        {name: decode_base64(salt, "salt") for name, salt in salts.items()},
    )


def _hold_to(leaf: Leaf, detail: Detail) -> None:
    found = {
        name: commitment(detail.salts[name], name, as_bytes(value))
        for name, value in detail.personal.items()
    }
    whole = (
        commitment(detail.salts[DETAIL], DETAIL, canonical(detail.detail))
        if detail.detail
        else None
    )
    if found != leaf.personal or whole != leaf.detail:
        raise UntrustedError("detail", f"that of {leaf.entry_id} is not what its leaf commits to")


def _key_line(line: str) -> tuple[str, str]:
    name, _, key = line.partition(" ")
    if not is_code(name):
        raise MalformedError("detail keys", "an id, a space, base64", "another line")
    return name, key
