"""The banks of this installation: where they lie, their key, and lists that the settings name.

Everything in `known/` is sealed under `keys/banks.key`. Lists come there by `imprimatur banks
import`; those that the settings name as files, by the same way, when the server starts.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from hashlib import blake2s, sha256
from pathlib import Path

from audit.keyfile import create_secret
from classifiers.hash_bank import Kind
from classifiers.hash_bank_catalogue import Terms
from classifiers.hash_bank_changes import Imported, activate, create, set_aside, stage
from classifiers.hash_bank_formats import Format, parse
from classifiers.hash_bank_given import Given
from classifiers.hash_bank_store import SealedBanks
from classifiers.hash_bank_trial import MOST_MATCHED, tried
from classifiers.hash_index.shared import place_of
from pipeline.errors import SettingsError
from pipeline.files import make_folder
from pipeline.items import Json
from pipeline.settings import BankFile, read_key

FOLDER = "known"
KEY_NAME = "banks"
"""The key in the keys' folder that seals banks and opens them."""
_KEY_BYTES = 32
_ID_BYTES = 8


def open_banks(
    data_dir: Path,
    keys_dir: Path,
    now: Callable[[], datetime],
    random: Callable[[int], bytes],
    named: Sequence[BankFile] = (),
) -> SealedBanks:
    """Open the banks, made empty if there are none yet; of each of `named` there must be one.

    Raises:
        SettingsError: the key is missing though there are banks, malformed, or others can read it.
    """
    folder = data_dir / FOLDER
    path = keys_dir / f"{KEY_NAME}.key"
    if not path.exists() and not folder.exists():
        make_folder(keys_dir)
        create_secret(path, random(_KEY_BYTES).hex() + "\n")
    key = read_key(keys_dir, KEY_NAME)
    create(folder, key)
    name = f"imprimatur-{sha256(str(folder.resolve()).encode()).hexdigest()[:16]}"
    required = {bank.source: bank.kind for bank in named}
    return SealedBanks(folder, key, now, place_of(name), required)


def naming(banks: SealedBanks) -> Callable[[bytes], str]:
    """Return what gives a row without an id one: the same in each version, telling nothing."""

    def name(digest: bytes) -> str:
        return blake2s(digest, digest_size=_ID_BYTES, key=banks.key).hexdigest()

    return name


def staged(
    banks: SealedBanks,
    data: bytes,
    form: Format,
    given: Given,
    kind: Kind,
    terms: Terms | None = None,
    *,
    own: bool = False,
    told: Callable[[int], None] | None = None,
) -> int:
    """Read a list and write it as the version of a bank that waits; return how many rows it has.

    Raises:
        BankError: it is no list of its format, of another kind than its bank, or the banks do not
            verify.
    """
    listing = parse(data, form, given, told)
    digest = sha256(data).hexdigest()
    made = Imported(listing, kind, own, digest, form, given.at, terms or Terms())
    return stage(banks, made).entries


def take_named(
    banks: SealedBanks, named: Sequence[BankFile], by_two: Collection[str] = ()
) -> list[str]:
    """Import every list that the settings name as a file and that changed; return what to tell.

    Of banks that two people change (`by_two`) nothing is imported so.

    Raises:
        BankError: a list does not parse, or is of another kind than its bank.
        SettingsError: it matches harmless pictures, and there is no version before it.
    """
    told: list[str] = []
    for number, bank in enumerate(named):
        if bank.source in by_two:
            told.append(f"bank {bank.source}: its file is not read: two people change this bank")
        elif bank.file is not None:
            told += _taken(banks, bank.source, bank.kind, bank.file, f"banks[{number}].file")
    return told


def _taken(banks: SealedBanks, name: str, kind: Kind, file: Path, setting: str) -> Sequence[str]:
    data = file.read_bytes()
    catalogue = banks.catalogue()
    known, waiting = catalogue.bank(name), catalogue.waiting(name)
    tried_before = waiting is not None and waiting.version.trial is not None
    digest = sha256(data).hexdigest()
    if known is not None and known.kind is kind and known.current.file_digest == digest:
        return ()
    if known and waiting and tried_before and waiting.version.file_digest == digest:
        return (f"bank {name}: the version that was set aside is still so: look at it",)
    given = Given(name, banks.now(), naming(banks))
    staged(banks, data, Format.CANONICAL, given, kind)
    trial = tried(banks.staged(name), ())
    if trial.rate <= MOST_MATCHED:
        state = activate(banks, name, trial)
        return (f"bank {name}: imported {state.current.entries} entries",)
    set_aside(banks, name, trial)
    problem = f"matches {trial.benign_matched} of {trial.benign} harmless patterns"
    if known is None:
        raise SettingsError([f"{setting}: {problem}: it is no list of known pictures"])
    return (f"bank {name}: the new version {problem}: it is set aside, the one before is used",)


def standing(banks: SealedBanks) -> Mapping[str, Mapping[str, Json]]:
    """Return what there is to know of each bank without its rows: version, entries, age, terms.

    Raises:
        BankError: they do not verify.
    """
    now, opened = banks.now(), banks.opened()
    return {
        state.name: {
            "kind": state.kind.value,
            "version": state.current.list_version,
            "entries": state.current.entries,
            "fetched_at": state.current.fetched_at.isoformat(),
            "age_hours": round((now - state.current.fetched_at).total_seconds() / 3600, 1),
            "expires_at": expires_at.isoformat() if expires_at else None,
            "stale": expires_at is not None and expires_at <= now,
        }
        for state in opened.states
        for expires_at in [state.current.terms.expires_at]
    }
