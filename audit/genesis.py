"""The first entry of a log: it says which log this is, and whose."""

import os
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from audit.entry import Entry, Kind, entry_id
from audit.leaf import leaf_of
from audit.signer import Signer
from audit.store import Prepared


def genesis(signer: Signer, at: datetime) -> Prepared:
    """Make the first entry. Two logs made with one key differ from it on."""
    origin = signer.vkey.name
    first = Entry(
        entry_id(uuid5(NAMESPACE_URL, origin), Kind.GENESIS),
        Kind.GENESIS,
        at,
        {"origin": origin, "vkey": signer.vkey.write(), "instance": os.urandom(32).hex()},
    )
    return Prepared(first.entry_id, leaf_of(first, {}).write(), None)
