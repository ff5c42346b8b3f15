"""Joins the parts of the console that every installation has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from argon2 import PasswordHasher

from audit.log import Log
from pipeline.console import passwords
from pipeline.console.accounts import Accounts
from pipeline.console.codes import Codes
from pipeline.console.doors import Doors
from pipeline.console.elsewhere import Elsewhere, Sealing
from pipeline.console.entries import Entries
from pipeline.console.frame import Frame, Link
from pipeline.console.peers import Peers
from pipeline.console.sessions import Sessions
from pipeline.console.signing_in import SigningIn
from pipeline.openid.journey import Provider
from pipeline.store.store import Store


@dataclass(frozen=True, slots=True)
class Parts:
    """What the console stands on."""

    store: Store
    log: Log
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    random: Callable[[int], bytes] = field(repr=False)
    key: bytes = field(repr=False)
    """The installation's: what seals one-time codes is derived from it."""
    hasher: PasswordHasher = field(default_factory=passwords.for_production)
    provider: Provider | None = None
    """Who else says who people are."""


def build(parts: Parts, links: Sequence[Link] = ()) -> tuple[Frame, Doors]:
    """Return the frame of every page, and the doors to it."""
    store, now = parts.store, parts.now
    entries = Entries(parts.log, now, parts.new_id)
    accounts = Accounts(
        store,
        entries,
        Codes.create(parts.key, parts.random),
        passwords.create(parts.hasher),
        now,
        parts.random,
    )
    sessions = Sessions(store, now, parts.random)
    signing_in = SigningIn(store, accounts, sessions, entries, now)
    elsewhere = None
    if parts.provider is not None:
        sealing = Sealing.create(parts.key, parts.random, now)
        elsewhere = Elsewhere(parts.provider, store, accounts, sessions, entries, sealing)
    return Frame(sessions, links), Doors(accounts, signing_in, Peers(now), elsewhere)
