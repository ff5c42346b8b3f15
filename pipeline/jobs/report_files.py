"""The files that go with a report: what was asked for, and what was made of it.

What lies in the quarantine comes from whoever has the child-safety team's key. It is held to the
digests that app.db has of it: nobody files another picture under this case.
"""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from classifiers.errors import UnreadableError
from pipeline.duties.reports.composing import Attachment
from pipeline.duties.reports.document import Relevance
from pipeline.duties.reports.errors import NotReportableError
from pipeline.duties.reports.facts import Facts
from pipeline.errors import MissingObjectError
from pipeline.items import Json, Work
from pipeline.jobs.received import Received
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits
from pipeline.store.reports import Report
from pipeline.store.store import Store
from pipeline.vault import Vault

_MOST = 20_000
"""Characters of one thing that is told of a file."""


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """Finds and makes them."""

    store: Store
    vault: Vault
    limits: Limits

    async def of(
        self, case: Report, facts: Facts, objects: Mapping[UUID, bytes]
    ) -> Sequence[Attachment]:
        """Return the files of a case; `objects` are those of the quarantine, opened.

        Raises:
            NotReportableError: one is missing, or is not what was sealed.
            StoreError, VaultError: they cannot be had now.
        """
        digests = await self._digests(case)
        for each in facts.objects:
            data = objects.get(each.id)
            if data is None or sha256(data).hexdigest() != digests[each.index]:
                got = "nothing" if data is None else "other bytes"
                raise NotReportableError("object", "it as it was sealed", got)
        received = await self._received(case, facts, objects)
        work = None if received is None else _work(received, self.limits)
        told = () if work is None else _told(work)
        made = [
            Attachment(
                f"picture-{each.index}.png",
                objects[each.id],
                Relevance.REPORTED,
                each.viewed,
                generated=True,
                told=told,
            )
            for each in facts.objects
            if each.index is not None
        ]
        uploaded = [] if received is None or made else _uploaded(received, work)
        files = [*made, *uploaded]
        if received is not None:
            relevance = Relevance.SUPPLEMENTAL if files else Relevance.REPORTED
            files.append(_request(received, work, relevance))
        return files

    async def _digests(self, case: Report) -> Mapping[int | None, str]:
        row = await self.store.submissions.get(case.tenant, case.submission)
        pictures = await self.store.pictures.of(case.tenant, case.submission)
        known: dict[int | None, str] = {each.index: each.sha256 for each in pictures}
        return known | {None: "" if row is None else row.body_sha256}

    async def _received(
        self, case: Report, facts: Facts, objects: Mapping[UUID, bytes]
    ) -> Received | None:
        """Return the request, from the quarantine or the vault; None if it is kept nowhere."""
        for each in facts.objects:
            if each.index is None:
                return Received.read(objects[each.id])
        row = await self.store.submissions.get(case.tenant, case.submission)
        try:
            return None if row is None else Received.read(await self.vault.look(row.vault_id))
        except MissingObjectError:
            return None


def _work(received: Received, limits: Limits) -> Work | None:
    try:
        return received.work(limits)
    except (RequestRefusedError, UnreadableError):  # a dry run, or it is not served any more
        return None


def _told(work: Work) -> tuple[tuple[str, str], ...]:
    parameters = work.body.get("parameters")
    said = parameters if isinstance(parameters, dict) else {}
    found: dict[str, Json] = {
        "prompt": work.body.get("input"),
        "negative_prompt": said.get("negative_prompt"),
        "model": work.model,
        "action": work.body.get("action"),
        **{name: said.get(name) for name in ("seed", "steps", "sampler")},
    }
    return tuple((name, str(value)[:_MOST]) for name, value in found.items() if value is not None)


def _uploaded(received: Received, work: Work | None) -> list[Attachment]:
    """Return what a refused request carried, or what a dry run was: it may be why."""
    if work is None:
        is_picture = received.content_type.startswith("image/")
        found = [(received.body, "body")] if is_picture else []
    else:
        found = [(each.data, f"{each.carrier}[{each.index}]") for each in work.images]
    return [
        Attachment(
            f"upload-{number}",
            data,
            Relevance.REPORTED,
            viewed=None,
            generated=False,
            told=(("carrier", carrier),),
        )
        for number, (data, carrier) in enumerate(found)
    ]


def _request(received: Received, work: Work | None, relevance: Relevance) -> Attachment:
    """Return the request as it was received, and as it was or would be sent to the generator."""
    said: dict[str, object] = {
        "received": {
            "content_type": received.content_type,
            "operation": received.operation,
            "body_base64": b64encode(received.body).decode(),
        },
        "sent": None if work is None else dict(work.body),
        "images_sha256": []
        if work is None
        else [
            {
                "carrier": each.carrier,
                "index": each.index,
                "sha256": sha256(each.data).hexdigest(),
            }
            for each in work.images
        ],
    }
    data = json.dumps(said, indent=1, sort_keys=True).encode()
    return Attachment("generation_request.json", data, relevance, viewed=None, generated=False)
