"""Lists that are hardly more than hashes: one on a line, with or without its kind before it."""

from collections.abc import Iterator

from classifiers.hash_bank import HashType
from classifiers.hash_bank_given import Given, known
from classifiers.hash_bank_rows import BadLine, Read

_SIGNAL_TYPES = {
    "md5": HashType.MD5,
    "sha1": HashType.SHA1,
    "sha256": HashType.SHA256,
    "pdq": HashType.PDQ,
    "photodna": HashType.PHOTODNA,
    "pdna": HashType.PHOTODNA,
}
_NOT_OF_PICTURES = frozenset(
    {"raw_text", "text", "trend_query", "url", "url_md5", "video_md5", "vpdq", "tmk", "pdf", "tlsh"}
)


def plain(text: str, given: Given) -> Iterator[Read]:
    """Yield a row for each line that is not blank and begins with no `#`.

    64 hexadecimal digits are a sha256 or a PDQ hash: without `given.type` such a line is bad.
    """
    for number, line in _lines(text):
        try:
            kind, digest = known(line, given.type)
        except ValueError as fault:
            yield BadLine(number, str(fault))
        else:
            yield number, given.line(kind, digest)


def threatexchange(text: str, given: Given) -> Iterator[Read]:
    """Yield a row for each line `<signal type> <hash>`, as threatexchange's local files have them.

    Other kinds of signals than of pictures are skipped, and counted.
    """
    for number, line in _lines(text):
        name, _, rest = line.partition(" ")
        if name in _NOT_OF_PICTURES:
            given.skipped[name] += 1
            continue
        if name not in _SIGNAL_TYPES:
            yield BadLine(number, f"expected a signal type among {', '.join(_SIGNAL_TYPES)}")
            continue
        try:
            kind, digest = known(rest.strip(), _SIGNAL_TYPES[name])
        except ValueError as fault:
            yield BadLine(number, str(fault))
        else:
            yield number, given.line(kind, digest)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield number, stripped
