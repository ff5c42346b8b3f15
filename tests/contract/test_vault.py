import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes
from typing import TypeAlias
from uuid import UUID, uuid4

import pytest

from audit.entry import Entry, Json, Kind, Receipt, entry_id
from audit.leaf import leaf_of
from pipeline.errors import (
    AlteredObjectError,
    MissingObjectError,
    NotExaminedError,
    VaultError,
)
from pipeline.items import Sealed
from pipeline.vault import DirectoryVault, Vault
from policies.decision import Action

PICTURE = b"the bytes of a drawn lighthouse"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["directory"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    """Every vault there is: each answers the same questions."""
    vaults: Mapping[str, Vault] = {
        "directory": DirectoryVault(tmp_path / "vault", token_bytes(32), token_bytes),
    }
    return vaults[request.param]


def receipt_of(
    submission: UUID,
    kind: Kind = Kind.EXAMINED,
    attempt: int = 0,
    sample: int = 0,
    action: Action = Action.ALLOW,
) -> Receipt:
    """A receipt whose leaf is one that the log would write."""
    known_as = entry_id(submission, kind, sample, attempt)
    public: Mapping[str, Json] = {
        "submission": str(submission),
        "sample": sample,
        "attempt": attempt,
        "action": action.value,
    }
    entry = Entry(known_as, kind, LONG_AGO, public)
    return Receipt(known_as, 0, leaf_of(entry, {}).write(), "")


def sealed(vault_id: str, data: bytes = PICTURE) -> Sealed:
    return Sealed(vault_id=vault_id, index=0, sha256=sha256(data).hexdigest())


class TestPut:
    @pytest.mark.parametrize("data", [b"", PICTURE, bytes(1 << 20)], ids=["none", "few", "many"])
    async def test_what_is_sealed_can_be_looked_at(self, vault: Vault, data: bytes) -> None:
        """A paid picture is never lost."""
        vault_id = await vault.put(data, uuid4())

        assert await vault.look(vault_id) == vault.read(vault_id) == data

    async def test_the_same_bytes_twice_are_two_objects(self, vault: Vault) -> None:
        """To destroy one submission's picture must not destroy another's."""
        first, second = await vault.put(PICTURE, uuid4()), await vault.put(PICTURE, uuid4())

        await vault.destroy(first)

        assert await vault.look(second) == PICTURE

    async def test_a_named_object_is_sealed_once(self, vault: Vault) -> None:
        """A resumed submission finds what it sealed before it was cut off."""
        submission = uuid4()

        first = await vault.put(PICTURE, submission, "request")
        again = await vault.put(PICTURE, submission, "request")

        assert first == again

    async def test_a_name_never_gets_other_bytes(self, vault: Vault) -> None:
        """What was examined cannot be replaced by something else."""
        submission = uuid4()
        vault_id = await vault.put(PICTURE, submission, "request")

        with pytest.raises(VaultError):
            await vault.put(b"others", submission, "request")
        assert await vault.look(vault_id) == PICTURE

    async def test_a_name_belongs_to_its_submission(self, vault: Vault) -> None:
        """Two submissions each have a request."""
        first = await vault.put(PICTURE, uuid4(), "request")
        second = await vault.put(b"others", uuid4(), "request")

        assert first != second


Opened: TypeAlias = Callable[[Sealed, Receipt], Awaitable[bytes]]


@pytest.fixture(params=["open", "unseal"])
def opened(request: pytest.FixtureRequest, vault: Vault) -> Opened:
    """The one door, from the event loop and from a thread of the caller's own."""

    async def unsealed(sealed: Sealed, receipt: Receipt) -> bytes:
        return await asyncio.to_thread(vault.unseal, sealed, receipt)

    return vault.open if request.param == "open" else unsealed


class TestOpen:
    async def test_the_receipt_of_another_sample_does_not_open_it(
        self, vault: Vault, opened: Opened
    ) -> None:
        """What one picture was found to be says nothing of its siblings."""
        submission = uuid4()
        vault_id = await vault.put(PICTURE, submission)

        with pytest.raises(NotExaminedError):
            await opened(sealed(vault_id), receipt_of(submission, sample=1))

    @pytest.mark.parametrize("action", [Action.BLOCK, Action.BLOCK_AND_ESCALATE])
    async def test_an_examination_that_blocked_opens_nothing(
        self, vault: Vault, opened: Opened, action: Action
    ) -> None:
        """To have been looked at is not to have passed."""
        submission = uuid4()
        vault_id = await vault.put(PICTURE, submission)

        with pytest.raises(NotExaminedError):
            await opened(sealed(vault_id), receipt_of(submission, action=action))

    async def test_without_a_receipt_it_is_neither_written_nor_run(self, vault: Vault) -> None:
        """Each comment below is itself a check: mypy refuses one that there is no need for."""
        vault_id = await vault.put(PICTURE, uuid4())

        with pytest.raises(TypeError):
            await vault.open(sealed(vault_id))  # type: ignore[call-arg] # no receipt
        with pytest.raises(AttributeError):
            await vault.open(sealed(vault_id), None)  # type: ignore[arg-type] # none either
        with pytest.raises(TypeError):
            vault.unseal(sealed(vault_id))  # type: ignore[call-arg] # no receipt
        with pytest.raises(AttributeError):
            vault.unseal(sealed(vault_id), None)  # type: ignore[arg-type] # none either

    async def test_the_receipt_of_its_examination_opens_an_object(
        self, vault: Vault, opened: Opened
    ) -> None:
        """This is the one door through which pictures leave."""
        submission = uuid4()
        vault_id = await vault.put(PICTURE, submission)

        assert await opened(sealed(vault_id), receipt_of(submission)) == PICTURE

    async def test_a_later_examination_opens_it_too(self, vault: Vault, opened: Opened) -> None:
        """A held picture that was examined again may leave on that."""
        submission = uuid4()
        vault_id = await vault.put(PICTURE, submission)

        assert await opened(sealed(vault_id), receipt_of(submission, attempt=3)) == PICTURE

    @pytest.mark.parametrize("kind", [Kind.ADMIT, Kind.GENERATED, Kind.HELD, Kind.RELEASE])
    async def test_the_receipt_of_another_step_does_not(
        self, vault: Vault, opened: Opened, kind: Kind
    ) -> None:
        """What is merely on record was not looked at."""
        submission = uuid4()
        vault_id = await vault.put(PICTURE, submission)

        with pytest.raises(NotExaminedError):
            await opened(sealed(vault_id), receipt_of(submission, kind))

    async def test_the_receipt_of_another_submission_does_not(
        self, vault: Vault, opened: Opened
    ) -> None:
        """Somebody else's clean picture clears nothing of mine."""
        vault_id = await vault.put(PICTURE, uuid4())

        with pytest.raises(NotExaminedError):
            await opened(sealed(vault_id), receipt_of(uuid4()))

    async def test_a_receipt_whose_leaf_is_another_entry_does_not(
        self, vault: Vault, opened: Opened
    ) -> None:
        """A receipt is what the log wrote, not what its wrapper says."""
        submission = uuid4()
        vault_id = await vault.put(PICTURE, submission)
        admitted = receipt_of(submission, Kind.ADMIT)
        forged = Receipt(entry_id(submission, Kind.EXAMINED), 0, admitted.leaf, "")

        with pytest.raises(NotExaminedError):
            await opened(sealed(vault_id), forged)

    async def test_a_receipt_without_a_leaf_does_not(self, vault: Vault, opened: Opened) -> None:
        """Nothing is not an entry."""
        submission = uuid4()
        vault_id = await vault.put(PICTURE, submission)
        empty = Receipt(entry_id(submission, Kind.EXAMINED), 0, b"", "")

        with pytest.raises(NotExaminedError):
            await opened(sealed(vault_id), empty)

    async def test_another_picture_under_its_id_does_not_open(
        self, vault: Vault, opened: Opened
    ) -> None:
        """What leaves is, byte for byte, what was examined."""
        submission = uuid4()
        vault_id = await vault.put(PICTURE, submission)

        with pytest.raises(AlteredObjectError):
            await opened(sealed(vault_id, b"others"), receipt_of(submission))


class TestDestroy:
    async def test_what_is_destroyed_is_gone(self, vault: Vault) -> None:
        """Expired pictures cannot be had again."""
        vault_id = await vault.put(PICTURE, uuid4())

        assert await vault.destroy(vault_id)
        with pytest.raises(MissingObjectError):
            await vault.look(vault_id)
        with pytest.raises(MissingObjectError):
            vault.read(vault_id)

    async def test_destroying_twice_says_that_nothing_was_there(self, vault: Vault) -> None:
        """A clean-up that is repeated after a crash must not fail."""
        vault_id = await vault.put(PICTURE, uuid4())
        await vault.destroy(vault_id)

        assert not await vault.destroy(vault_id)


class TestSweep:
    async def test_it_destroys_what_nobody_knows_of(self, vault: Vault) -> None:
        """A crash between sealing and remembering leaves no picture behind."""
        known, unknown = await vault.put(PICTURE, uuid4()), await vault.put(PICTURE, uuid4())

        assert await vault.sweep({known}, FAR_AHEAD) == 1
        assert await vault.look(known) == PICTURE
        with pytest.raises(MissingObjectError):
            await vault.look(unknown)

    async def test_it_leaves_what_is_new(self, vault: Vault) -> None:
        """An object is sealed before its id is written down: it must outlive that moment."""
        vault_id = await vault.put(PICTURE, uuid4())

        assert await vault.sweep(set(), LONG_AGO) == 0
        assert await vault.look(vault_id) == PICTURE


@pytest.mark.parametrize(
    "vault_id", ["", "../../etc/passwd", "0" * 31, "0" * 33, "A" * 32, "0" * 31 + "\n", "0" * 32]
)
async def test_an_id_that_names_no_object_finds_none(vault: Vault, vault_id: str) -> None:
    """Ids come from rows and requests: no spelling of one reaches anything but an object."""
    with pytest.raises(MissingObjectError):
        await vault.look(vault_id)
