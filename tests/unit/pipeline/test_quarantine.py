import asyncio
import stat
from pathlib import Path
from secrets import token_bytes
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import QuarantineError
from pipeline.quarantine import (
    Facts,
    Quarantine,
    create_key_pair,
    open_with,
    read_private_key,
    read_public_key,
    seal,
    write_public_key,
)

TEAM = X25519PrivateKey.generate()
OBJECT = b"the bytes of a benign placeholder"
FACTS: Facts = {"submission": "s1", "sha256": "00", "index": 0}

KNOWN_AS = UUID(int=7)


class TestQuarantine:
    async def test_the_team_can_open_what_was_sealed(self, tmp_path: Path) -> None:
        """Evidence is kept whole for the people who must report it."""
        quarantine = Quarantine(tmp_path / "quarantine", TEAM.public_key(), token_bytes)

        await quarantine.put(OBJECT, FACTS, KNOWN_AS)

        opened = open_with(TEAM, quarantine.path(KNOWN_AS).read_bytes())
        assert (opened.id, opened.facts, opened.data) == (KNOWN_AS, FACTS, OBJECT)

    async def test_what_is_sealed_twice_is_one_object(self, tmp_path: Path) -> None:
        """A seizure that a crash cut off is done again, and changes nothing."""
        quarantine = Quarantine(tmp_path / "quarantine", TEAM.public_key(), token_bytes)
        await quarantine.put(OBJECT, FACTS, KNOWN_AS)
        before = quarantine.path(KNOWN_AS).read_bytes()

        await quarantine.put(OBJECT, FACTS, KNOWN_AS)

        assert quarantine.path(KNOWN_AS).read_bytes() == before

    async def test_the_file_shows_neither_object_nor_facts(self, tmp_path: Path) -> None:
        """The gateway itself cannot read it back."""
        quarantine = Quarantine(tmp_path / "quarantine", TEAM.public_key(), token_bytes)

        await quarantine.put(OBJECT, FACTS, KNOWN_AS)
        path = quarantine.path(KNOWN_AS)

        assert OBJECT not in path.read_bytes()
        assert b"submission" not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    async def test_a_disk_that_fails_is_an_error(self, tmp_path: Path) -> None:
        """What was not sealed must not be taken for sealed."""
        (tmp_path / "quarantine").write_bytes(b"")
        quarantine = Quarantine(tmp_path / "quarantine", TEAM.public_key(), token_bytes)

        with pytest.raises(QuarantineError, match="disk"):
            await quarantine.put(OBJECT, FACTS, KNOWN_AS)

    async def test_a_folder_that_cannot_be_looked_into_is_an_error(self, tmp_path: Path) -> None:
        """Not only what cannot be written: nobody foresees another kind of fault here."""
        quarantine = Quarantine(tmp_path / ("q" * 300), TEAM.public_key(), token_bytes)

        with pytest.raises(QuarantineError, match="disk"):
            await quarantine.put(OBJECT, FACTS, KNOWN_AS)

    async def test_two_at_once_seal_it_once(self, tmp_path: Path) -> None:
        """Whoever comes second finds it sealed: that is no failure."""
        quarantine = Quarantine(tmp_path / "quarantine", TEAM.public_key(), token_bytes)

        await asyncio.gather(*(quarantine.put(OBJECT, FACTS, KNOWN_AS) for _ in range(8)))

        (path,) = (tmp_path / "quarantine").iterdir()
        assert open_with(TEAM, path.read_bytes()).data == OBJECT


class TestFormat:
    @given(
        data=st.binary(max_size=200),
        facts=st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()),
    )
    def test_it_goes_round(self, data: bytes, facts: dict[str, str | int | bool | None]) -> None:
        """A format has a write and a read, and they agree."""
        object_id = uuid4()

        opened = open_with(TEAM, seal(TEAM.public_key(), object_id, data, facts, token_bytes))

        assert (opened.id, opened.facts, opened.data) == (object_id, facts, data)

    def test_another_key_does_not_open_it(self) -> None:
        """Only the team can."""
        blob = seal(TEAM.public_key(), uuid4(), OBJECT, FACTS, token_bytes)

        with pytest.raises(QuarantineError, match="for another"):
            open_with(X25519PrivateKey.generate(), blob)

    def test_any_altered_byte_is_noticed(self) -> None:
        """Evidence that was changed is not evidence."""
        blob = seal(TEAM.public_key(), uuid4(), b"x", {}, token_bytes)

        for place in range(len(blob)):
            altered = blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :]
            with pytest.raises(QuarantineError):
                open_with(TEAM, altered)

    @given(blob=st.binary(max_size=200) | st.binary(max_size=200).map(b"IMPQ\x01".__add__))
    def test_other_bytes_are_refused_by_name(self, blob: bytes) -> None:
        """A stray file in the directory stops nobody's work with a traceback."""
        with pytest.raises(QuarantineError):
            open_with(TEAM, blob)

    def test_the_object_does_not_show(self) -> None:
        """Objects are printed in errors and logs."""
        opened = open_with(TEAM, seal(TEAM.public_key(), uuid4(), OBJECT, FACTS, token_bytes))

        assert "benign" not in repr(opened)


class TestKeys:
    def test_a_pair_that_was_made_fits(self, tmp_path: Path) -> None:
        """The team makes its keys with our tool, and the gateway reads the public one."""
        create_key_pair(tmp_path / "team.key", tmp_path / "team.pub", token_bytes)

        private_key = read_private_key(tmp_path / "team.key")
        public_key = read_public_key((tmp_path / "team.pub").read_bytes())
        blob = seal(public_key, uuid4(), OBJECT, FACTS, token_bytes)

        assert open_with(private_key, blob).data == OBJECT
        assert stat.S_IMODE((tmp_path / "team.key").stat().st_mode) == 0o600

    def test_a_key_is_never_overwritten(self, tmp_path: Path) -> None:
        """A lost private key loses every object sealed to it."""
        create_key_pair(tmp_path / "team.key", tmp_path / "team.pub", token_bytes)
        kept = (tmp_path / "team.key").read_bytes()

        with pytest.raises(QuarantineError):
            create_key_pair(tmp_path / "team.key", tmp_path / "other.pub", token_bytes)
        assert (tmp_path / "team.key").read_bytes() == kept

    def test_a_private_key_that_others_can_read_is_refused(self, tmp_path: Path) -> None:
        """It is a secret no more."""
        create_key_pair(tmp_path / "team.key", tmp_path / "team.pub", token_bytes)
        (tmp_path / "team.key").chmod(0o640)

        with pytest.raises(QuarantineError, match="0600"):
            read_private_key(tmp_path / "team.key")

    def test_a_public_key_of_another_kind_is_refused(self) -> None:
        """The log's verifier key seals nothing."""
        other = Ed25519PrivateKey.generate().public_key()
        pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

        with pytest.raises(QuarantineError, match="X25519"):
            read_public_key(pem)

    @given(pem=st.binary(max_size=200))
    def test_what_is_no_key_is_refused(self, pem: bytes) -> None:
        """Start-up says so in one line."""
        with pytest.raises(QuarantineError, match="PEM"):
            read_public_key(pem)

    def test_a_public_key_goes_round(self) -> None:
        """A format has a write and a read, and they agree."""
        key = TEAM.public_key()

        assert read_public_key(write_public_key(key)).public_bytes_raw() == key.public_bytes_raw()
