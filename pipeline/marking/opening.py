"""Opens what signs pictures, if the settings name it."""

import io
from collections.abc import Callable

from PIL import Image

from audit.errors import AuditError
from audit.keyfile import read_secret
from pipeline.errors import MarkingError, SettingsError
from pipeline.items import ReleasedMetadata
from pipeline.marking.leaving import leaving
from pipeline.settings import Settings

Sign = Callable[[bytes], bytes]


def opened(settings: Settings) -> Sign | None:
    """Return what signs a file that leaves; it has signed one already.

    Raises:
        SettingsError: its library is missing, or what is named cannot sign.
    """
    said = settings.c2pa
    if said is None:
        return None
    try:
        from pipeline.marking.manifest import Signer  # noqa: PLC0415 - it comes with an extra
    except ModuleNotFoundError:
        raise SettingsError(["c2pa: needs what `pip install -e '.[c2pa]'` installs"]) from None
    try:
        key = read_secret(said.key_file)
        sign = Signer(said.certificate_file.read_bytes(), key.encode())
        leaving(_probe(), ReleasedMetadata.KEEP, sign)
    except (AuditError, OSError, MarkingError) as fault:
        told = "expected a certificate with those up to its root, and its key in mode 0600"
        raise SettingsError([f"c2pa: {told}: {fault}"]) from None
    return sign


def _probe() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    return out.getvalue()
