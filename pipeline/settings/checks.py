"""What cannot be served with: settings that are unsafe or contradict each other."""

import ipaddress
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.settings.values import FLOOR, RemoteListPart, Settings, SyncPart

_ENGINE = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
_CHECKPOINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TOKEN = re.compile(r"pst-[A-Za-z0-9_-]{64}", re.ASCII)


def problems(settings: Settings) -> Sequence[str]:
    """Return every problem, one line each; none means that it is safe to serve."""
    checks = (
        _files,
        _upstream,
        _tokens,
        _exposure,
        _policies,
        _banks,
        _term_packs,
        _tagger,
        _raters,
        _detectors,
        _remote_lists,
        _child_safety,
        _outside,
        _openid,
        _c2pa,
        _reporting,
        _engines,
    )
    return [problem for check in checks for problem in check(settings)]


def exposed(path: Path, forbidden: int) -> str | None:
    """Say what to do if others have one of the `forbidden` rights to `path`; None if not."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & forbidden == 0:
        return None
    return f"others can use it (mode {mode:04o}): run chmod {mode & ~forbidden:04o} {path}"


def _files(settings: Settings) -> Iterator[str]:
    writable, any_right = stat.S_IWGRP | stat.S_IWOTH, stat.S_IRWXG | stat.S_IRWXO
    for name, path, forbidden in (
        ("data_dir", settings.data_dir, writable),
        ("keys_dir", settings.keys_dir, any_right),
    ):
        if path.is_dir() and (danger := exposed(path, forbidden)):
            yield f"{name}: {danger}"
    if settings.faults_dir is not None and not settings.development:
        yield "faults_dir: faults are injected in development only: remove it"


def _upstream(settings: Settings) -> Iterator[str]:
    name, url = "upstream.base_url", settings.upstream.base_url
    try:
        parts, host = urlsplit(url), urlsplit(url).hostname or ""
        has_more = bool(parts.query or parts.fragment or parts.username or parts.password)
        _ = parts.port  # raises if it is no number
    except ValueError:
        yield f"{name}: not an address: write one like https://image.novelai.net"
        return
    if parts.scheme not in {"http", "https"} or not host or has_more:
        yield f"{name}: expected scheme, host and at most a path: write it like https://host"
    elif parts.scheme == "http" and not _is_loopback(host):
        yield f"{name}: tokens and prompts would travel in clear: write https://"
    elif parts.scheme == "http" and not settings.development:
        yield f"{name}: http:// is for a sandbox: write https://, or development: true"


def _tokens(settings: Settings) -> Iterator[str]:
    tokens = [token.get_secret_value() for token in settings.upstream.tokens]
    if not tokens:
        yield (
            "upstream.tokens_file: no NovelAI token: set IMPRIMATUR_NOVELAI_TOKENS or "
            "NOVELAI_TOKEN, or name a file that holds one on each line"
        )
    for number, token in enumerate(tokens, start=1):
        if not _TOKEN.fullmatch(token):
            yield (
                f"upstream.tokens_file: token {number} is not `pst-` and 64 characters: make a "
                "persistent token in NovelAI's account settings"
            )
    if len(set(tokens)) < len(tokens):
        yield "upstream.tokens_file: a token is there twice: one account serves one at a time"


def _exposure(settings: Settings) -> Iterator[str]:
    host = settings.listen.host
    if settings.development and not _is_loopback(host):
        yield f"listen.host: development serves this machine only, not {host}: write 127.0.0.1"


def _policies(settings: Settings) -> Iterator[str]:
    sets = settings.policies
    if not sets or sets[0] != FLOOR:
        yield "policies: the floor stands first, whatever follows: write [floor, ...]"
    if len(set(sets)) < len(sets):
        yield "policies: a set is there twice: remove one"
    for number, name in enumerate(sets):
        if Path(name).is_absolute() and not Path(name).is_file():
            yield f"policies[{number}]: there is no file {name}: make it, or remove it here"


def _banks(settings: Settings) -> Iterator[str]:
    sources = [bank.source for bank in settings.banks]
    for number, bank in enumerate(settings.banks):
        if bank.file is not None and not bank.file.exists():
            yield f"banks[{number}].file: there is no {bank.file}: put it there, or remove the line"
        if bank.source in sources[:number]:
            yield f"banks[{number}].source: {bank.source} is there twice: rename one"
        if bank.sync is not None:
            yield from _service(f"banks[{number}].sync", bank.sync)
            if bank.file is not None:
                yield f"banks[{number}]: a file and a service would replace each other: remove one"


def _service(place: str, part: SyncPart | RemoteListPart) -> Iterator[str]:
    """Say what is wrong with somebody else's service that gets credentials."""
    host = urlsplit(part.address).hostname or ""
    if not part.address.startswith("https://") and not (
        part.address.startswith("http://") and _is_loopback(host)
    ):
        yield f"{place}.address: {part.address} could be read by anybody: write https://"
    if not part.credentials_file.is_file():
        yield f"{place}.credentials_file: there is no {part.credentials_file}: put it there"


def _term_packs(settings: Settings) -> Iterator[str]:
    names = [pack.name for pack in settings.term_packs]
    for number, pack in enumerate(settings.term_packs):
        if not pack.file.is_file():
            yield (
                f"term_packs[{number}].file: there is no {pack.file}: put it back, or seal it "
                "again with `imprimatur terms seal`"
            )
        if pack.name in names[:number]:
            yield f"term_packs[{number}].name: {pack.name} is there twice: rename one"


def _tagger(settings: Settings) -> Iterator[str]:
    told = "pull it with `imprimatur models pull`, or remove the line"
    for name, folder in (("tagger", settings.tagger), ("heads", settings.heads)):
        if folder is not None and not folder.is_dir():
            yield f"{name}: there is no model in {folder}: {told}"
            continue
        if folder is not None and settings.tagger is None:
            yield f"{name}: without a tagger nobody looks at them: name one, or remove the line"


def _raters(settings: Settings) -> Iterator[str]:
    for number, folder in enumerate(settings.raters):
        if not folder.is_dir():
            told = "pull it with `imprimatur models pull`, or remove it"
            yield f"raters[{number}]: there is no model in {folder}: {told}"
        if folder in settings.raters[:number]:
            yield f"raters[{number}]: {folder} is there twice: remove one"


def _detectors(settings: Settings) -> Iterator[str]:
    names = [detector.name for detector in settings.detectors]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield f"detectors[{number}].name: {name} is there twice: remove one"


def _remote_lists(settings: Settings) -> Iterator[str]:
    names = [each.name for each in settings.remote_lists]
    for number, each in enumerate(settings.remote_lists):
        place = f"remote_lists[{number}]"
        if each.name in names[:number]:
            yield f"{place}.name: {each.name} is there twice: remove one"
        yield from _service(place, each)


def _child_safety(settings: Settings) -> Iterator[str]:
    name, path = "child_safety_public_key", settings.child_safety_public_key
    if path is not None and not path.is_file():
        yield f"{name}: there is no file {path}: put the child-safety team's public key there"
    if path is None and not settings.development:
        yield (
            f"{name}: missing: name the file with the child-safety team's public key "
            "(made on the team's own machine)"
        )


def _outside(settings: Settings) -> Iterator[str]:
    outside = settings.outside
    for number, path in enumerate(outside.known_checkpoints):
        if not path.is_file():
            yield f"outside.known_checkpoints[{number}]: there is no {path}: put it back"
    url, certificates = outside.time_stamp_url, outside.time_stamp_certificates
    if (url is None) != (certificates is None):
        yield "outside.time_stamp_url: it needs time_stamp_certificates, and they need it"
    if certificates is not None and not certificates.is_file():
        yield f"outside.time_stamp_certificates: there is no {certificates}: put it there"
    for address in [*(each.url for each in outside.witnesses), *([url] if url else [])]:
        if address.startswith("http:") and not _is_loopback(urlsplit(address).hostname or ""):
            yield f"outside: {address} could be answered by anybody on the way: write https://"
    keys = [each.vkey for each in outside.witnesses]
    if len(set(keys)) < len(keys):
        yield "outside.witnesses: a witness is there twice: remove one"


def _openid(settings: Settings) -> Iterator[str]:
    said = settings.openid
    if said is None:
        return
    for name, address in (("issuer", said.issuer), ("address", said.address)):
        if not address.startswith("http:"):
            continue
        if not _is_loopback(urlsplit(address).hostname or ""):
            yield f"openid.{name}: {address} could be read by anybody on the way: write https://"
        elif not settings.development:
            yield f"openid.{name}: http:// is for a stand-in: write https://, or development: true"
    if not said.client_secret_file.is_file():
        yield f"openid.client_secret_file: there is no {said.client_secret_file}: put it there"


def _c2pa(settings: Settings) -> Iterator[str]:
    said = settings.c2pa
    if said is None:
        return
    for name, path in (("certificate_file", said.certificate_file), ("key_file", said.key_file)):
        if not path.is_file():
            yield f"c2pa.{name}: there is no {path}: put it there"


def _reporting(settings: Settings) -> Iterator[str]:
    tenants = [each.tenant for each in settings.reporting]
    for number, each in enumerate(settings.reporting):
        place, path = f"reporting[{number}]", each.credentials_file
        if each.tenant in tenants[:number]:
            yield f"{place}.tenant: {each.tenant} is there twice: remove one"
        if path is not None and not path.is_file():
            yield f"{place}.credentials_file: there is no {path}: put it there"
        elif path is not None and (danger := exposed(path, stat.S_IRWXG | stat.S_IRWXO)):
            yield f"{place}.credentials_file: {danger}"
        host = "" if each.address is None else urlsplit(each.address).hostname or ""
        if each.address is not None and not (settings.development and _is_loopback(host)):
            yield f"{place}.address: a stand-in is for development, on this machine: remove it"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _engines(settings: Settings) -> Iterator[str]:
    names = [each.name for each in settings.engines]
    for number, engine in enumerate(settings.engines):
        place = f"engines[{number}]"
        if not _ENGINE.fullmatch(engine.name) or engine.name in ("novelai", *names[:number]):
            yield f"{place}.name: expected small letters, digits and dashes, each name once"
        yield from _address_of_engine(f"{place}.address", engine.address)
        path = engine.credentials_file
        if path is not None and not path.is_file():
            yield f"{place}.credentials_file: there is no file {path}: put USER:PASSWORD there"
        elif path is not None and (danger := exposed(path, stat.S_IRWXG | stat.S_IRWXO)):
            yield f"{place}.credentials_file: {danger}"
        known = [each.name for each in engine.checkpoints]
        for index, checkpoint in enumerate(engine.checkpoints):
            at = f"{place}.checkpoints[{index}]"
            if not _CHECKPOINT.fullmatch(checkpoint.name) or checkpoint.name in known[:index]:
                yield f"{at}.name: expected letters, digits and dots, each name once"
            if not _DIGEST.fullmatch(checkpoint.sha256):
                yield f"{at}.sha256: expected 64 hexadecimal digits: run sha256sum on the file"
            if checkpoint.photographic:
                yield (
                    f"{at}.photographic: it is not served: no model that comes with this version "
                    "can establish that a person in a photograph is an adult: remove it"
                )


def _address_of_engine(name: str, address: str) -> Iterator[str]:
    """Prompts and pictures travel to it: in clear on this machine alone."""
    try:
        parts = urlsplit(address)
        more = bool(parts.query or parts.fragment or parts.username or parts.password)
        _ = parts.port  # raises if it is no number
    except ValueError:
        yield f"{name}: not an address: write one like https://engine.internal:7860"
        return
    if parts.scheme not in {"http", "https"} or not parts.hostname or more:
        yield f"{name}: expected scheme, host and at most a path: write it like https://host"
    elif parts.scheme == "http" and not _is_loopback(parts.hostname):
        yield f"{name}: prompts and pictures would travel in clear: write https://"
