"""The erasable half of an entry: values and salts, encrypted beside the leaf.

Each record has its own AES-256-GCM key, which no database holds: it follows from the key of the
period in which it was sealed and from the entry's id. Period keys lie outside the database and
outside its backups. Erasing is deleting the row; destroying the period's key (`audit.periods`)
erases whatever backups still hold.
"""

import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from audit.canonical_json import canonical
from audit.entry import Entry, Json
from audit.errors import AbsentError, MalformedError, UntrustedError
from audit.fields import is_code
from audit.keyfile import create_secret, read_secret
from audit.leaf import (
    DETAIL,
    SALT_BYTES,
    Leaf,
    as_bytes,
    commitment,
    read_object,
    written_detail,
)
from audit.note import decode_base64, encode_base64

KEY_BYTES = 32
_NONCE_BYTES = 12
_DOMAIN = b"gw-detail/v1\x00"
_KEY_DOMAIN = b"gw-detail-key/v1\x00"


@dataclass(frozen=True, slots=True)
class Sealed:
    """One record's ciphertext, and the id of the period key that its own key follows from."""

    key_id: str
    wrapped: bytes
    """Empty. Details of logs from before periods have their own key here, wrapped (RFC 3394)."""
    nonce: bytes
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class Keyed:
    """Which key a record that is still there has: all of `Sealed` that says so."""

    entry_id: UUID
    key_id: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Detail:
    """An entry's personal fields and detail, opened, with the salts that prove each of them."""

    personal: Mapping[str, str | bytes] = field(repr=False)
    detail: Mapping[str, Json] = field(repr=False)
    salts: Mapping[str, bytes] = field(repr=False)


class Sealing(Protocol):
    """Seals details, and opens them as long as their keys exist."""

    def seal(
        self, entry: Entry, salts: Mapping[str, bytes], written: bytes | None = None
    ) -> Sealed:
        """Encrypt what the leaf only commits to; `leaf_of` MUST have accepted the entry.

        `written` is its `written_detail`, from whoever has it already.
        """
        ...

    def open(self, sealed: Sealed, leaf: Leaf) -> Detail:
        """Decrypt, and hold every value to the commitment in the leaf.

        Raises:
            AbsentError: its key is not here (or was destroyed).
            UntrustedError: the ciphertext or a value is not what the leaf commits to.
        """
        ...


@dataclass(frozen=True, slots=True)
class DetailKeys:
    """Period keys by id. `current` seals; all of them open."""

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

    def seal(
        self, entry: Entry, salts: Mapping[str, bytes], written: bytes | None = None
    ) -> Sealed:
        """Encrypt what the leaf only commits to, as `Sealing` says."""
        values = {name: _written(value) for name, value in entry.personal.items()}
        shown = {name: encode_base64(salt) for name, salt in salts.items()}
        beside = json.dumps({"personal": values, "salts": shown}).encode()
        detail = written_detail(entry) if written is None else written
        plain = b'{"detail":%b,%b' % (detail or b"{}", beside[1:])
        nonce, key = os.urandom(_NONCE_BYTES), self._derived(self.current, entry.entry_id)
        ciphertext = AESGCM(key).encrypt(nonce, plain, _DOMAIN + entry.entry_id.bytes)
        return Sealed(self.current, b"", nonce, ciphertext)

    def open(self, sealed: Sealed, leaf: Leaf) -> Detail:
        """Decrypt, as `Sealing` says."""
        return opened(sealed, leaf, self.key_of(leaf.entry_id, sealed.key_id, sealed.wrapped))

    def key_of(self, entry_id: UUID, key_id: str, wrapped: bytes) -> bytes:
        """Return the key of one record.

        Raises:
            AbsentError: the period key is not here (or was destroyed).
            UntrustedError: what is wrapped is no key of this period.
        """
        if key_id not in self.keys:
            raise AbsentError("detail key", f"{key_id!r} is not here")
        if not wrapped:
            return self._derived(key_id, entry_id)
        try:
            return aes_key_unwrap(self.keys[key_id], wrapped)
        except (InvalidUnwrap, ValueError) as fault:
            raise _sealed_otherwise(entry_id) from fault

    def _derived(self, key_id: str, entry_id: UUID) -> bytes:
        return hmac.digest(self.keys[key_id], _KEY_DOMAIN + entry_id.bytes, "sha256")


def opened(sealed: Sealed, leaf: Leaf, key: bytes) -> Detail:
    """Decrypt one record with its own key, and hold every value to the commitment in the leaf.

    Raises:
        UntrustedError: the ciphertext or a value is not what the leaf commits to.
    """
    try:
        aad = _DOMAIN + leaf.entry_id.bytes
        plain = AESGCM(key).decrypt(sealed.nonce, sealed.ciphertext, aad)
    except (InvalidTag, ValueError) as fault:
        raise _sealed_otherwise(leaf.entry_id) from fault
    detail = _read(read_object(plain, "detail"))
    _hold_to(leaf, detail)
    return detail


def fresh_salts(entry: Entry) -> dict[str, bytes]:
    """Return new random salts: one for each personal field, one for the detail if there is any."""
    names = [*entry.personal, *([DETAIL] if entry.detail else [])]
    drawn = os.urandom(SALT_BYTES * len(names))
    places = range(0, len(drawn), SALT_BYTES)
    return {name: drawn[at : at + SALT_BYTES] for name, at in zip(names, places, strict=True)}


def _sealed_otherwise(entry_id: UUID) -> UntrustedError:
    return UntrustedError("detail", f"that of {entry_id} does not decrypt")


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
