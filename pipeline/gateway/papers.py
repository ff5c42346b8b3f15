"""What an export says beside the log: policies, controls, lists, closed minutes, subprocessors."""

import json
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from importlib import resources

from audit.canonical_json import canonical
from classifiers.errors import BankError
from pipeline.gateway.gate import Gate
from pipeline.items import Json
from pipeline.jobs.closing import REMEMBERED
from pipeline.settings import Settings
from policies.errors import PolicyError

CONTROLS = "controls.json"
_OWN = "subprocessors.json"


async def papers(gate: Gate, settings: Settings | None) -> dict[str, bytes]:
    """Return the files, as of now; without settings they say less."""
    digest = None if settings is None else config_digest(settings)
    return {
        **await _policies(gate),
        CONTROLS: _json({"config_digest": digest, "controls": controls()}),
        "lists.json": _json({"at": gate.now().isoformat(), "lists": _lists(gate)}),
        "closed_minutes.json": _json(await _closed(gate)),
        "subprocessors.json": _json({"subprocessors": _subprocessors(settings)}),
    }


def controls() -> list[dict[str, Json]]:
    """Return every control: what in the code does it, since when, which entries are evidence."""
    text = resources.files("pipeline.gateway").joinpath(CONTROLS).read_text("utf-8")
    found: list[dict[str, Json]] = json.loads(text)
    return found


def config_digest(settings: Settings) -> str:
    """Return the digest of all settings but the secrets."""
    return sha256(canonical(settings.model_dump(mode="json"))).hexdigest()


async def _policies(gate: Gate) -> dict[str, bytes]:
    """Return the text that each policy's digest is taken of, for every tenant that is served."""
    found: dict[str, bytes] = {}
    for tenant in ("", *(each.id for each in await gate.store.tenants.all())):
        try:
            policy = await gate.tenancy.policy_of(tenant)
        except PolicyError:  # this tenant is not served: nothing is decided by it
            continue
        text = "\n".join(each.canonical for each in policy.sets)
        found[f"policies/{policy.digest}.jsonl"] = text.encode()
    return found


def _lists(gate: Gate) -> list[Json] | None:
    """Return which hash lists are in use, and how old they are; None if nobody could look."""
    try:
        there = gate.banks()
    except BankError:
        return None
    told = ("kind", "version", "entries", "fetched_at", "expires_at", "stale")
    return [
        {"source": source, **{name: known[name] for name in told}}
        for source, known in sorted(there.items())
    ]


async def _closed(gate: Gate) -> dict[str, Json]:
    """Return in how many minutes of each day this installation did not serve all that it could.

    The log cannot tell of them: who is refused before anything is judged leaves no entry.
    """
    days = Counter(f"{minute:%Y-%m-%d}" for minute in await gate.store.closed_minutes.all())
    return {
        "meaning": "minutes in which nothing was served, or a detector was sick; while no process"
        " runs, nothing is noted",
        "remembered_days": REMEMBERED.days,
        "minutes": days.total(),
        "by_day": dict(sorted(days.items())),
    }


def _subprocessors(settings: Settings | None) -> list[Json]:
    """Return who is given what: NovelAI, and those that the operator names in a file of its own."""
    upstream: Json = {
        "name": "NovelAI (Anlatan, Inc.)",
        "address": None if settings is None else settings.upstream.base_url,
        "given": "approved prompts, uploaded pictures, parameters; no subject, tenant or address",
        "purpose": "making the picture",
    }
    own = None if settings is None else settings.data_dir / _OWN
    if own is None or not own.is_file():
        return [upstream]
    try:
        said: Json = json.loads(own.read_bytes())
    except ValueError:
        said = {"unreadable": _OWN}
    return [upstream, *(said if isinstance(said, list) else [said])]


def _json(said: Mapping[str, object]) -> bytes:
    return json.dumps(said, indent=2, sort_keys=True).encode() + b"\n"
