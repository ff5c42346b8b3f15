"""Preserves what a dry run showed to be of the worst kind: whoever learns of it has to keep it.

It is sealed as received and ordered to be seized, before anything is answered. So it goes the way
of a request that was halted, or held to its end, for the same reason: into the quarantine, for the
child-safety team alone. Of all other content a dry run keeps nothing.
"""

from uuid import UUID

from pipeline.access.callers import Caller
from pipeline.access.subjects import fingerprint
from pipeline.gateway.gate import Gate
from pipeline.items import PublicCode
from pipeline.jobs.received import Received
from pipeline.store.seizures import Seizable
from pipeline.store.store import Store
from pipeline.store.submissions import State, SubmissionRow
from policies.labels import HarmCode


async def preserve(gate: Gate, caller: Caller, received: Received, code: HarmCode) -> UUID:
    """Seal what was received and order its seizure; return under which submission.

    Its id is told to nobody who asks: by it they would learn how grave it was.

    Raises:
        VaultError, StoreError: it is not preserved, and nothing MUST be answered.
    """
    submission, now = gate.new_id(), gate.now()
    vault_id = await gate.desk.vault.put(received.write(), submission, "request")
    row = SubmissionRow(
        id=submission,
        tenant=received.subject.tenant,
        key_id=caller.key_id,
        body_sha256=received.sha256,
        samples=0,
        price=0,
        received_at=now,
        owner=gate.desk.owner,
        vault_id=vault_id,
        state=State.HALTED,
        code=PublicCode.CONTENT_NOT_ALLOWED,
        changed_at=now,
        subject=fingerprint(gate.subject_key, received.subject),
    )
    order = Seizable(vault_id, row.tenant, submission, code.value, now)

    async def ordered(part: Store) -> None:
        await part.admission.admit(row)
        await part.seizures.order(order)

    await gate.store.together(ordered)
    return submission
