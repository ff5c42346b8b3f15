"""Packs the verifier into one file, `verify.pyz`, that needs nothing but a Python to run.

The file is made from the modules below as they stand here, byte for byte, but for one: the pure
Python `audit/ed25519.py` stands where `audit/signatures.py` asks OpenSSL. The same sources give
the same file, so its digest can be compared.
"""

import io
import zipfile
from importlib import resources

MODULES = (
    "__init__", "anchors", "canonical_json", "checkpoint", "connection", "cosignature", "entry",
    "errors", "export/__init__", "export/anchoring", "export/check", "export/disclosed",
    "export/files", "export/findings", "export/folder", "export/heads", "export/manifest",
    "export/names", "export/profile", "export/tiles", "export/unproved", "export/views",
    "export/withheld", "fields", "glance", "keyfile", "leaf", "merkle", "note", "outsiders",
    "pairing", "proof", "report", "rotation", "shards", "signatures", "stamps",
    "verification", "verify", "vkey",
)  # fmt: skip
"""What `audit.verify` imports; a test holds that this is all of it."""
_STANDS_FOR = {"signatures": "ed25519", "stamps": "no_stamps"}
_FIRST_LINE = b"#!/usr/bin/env python3\n"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_MAIN = '''\
"""Verifies a log, or an export of one, offline. Python's standard library is all that it needs."""
import sys

if sys.version_info < (3, 11):
    sys.stderr.write("cannot verify: this needs Python 3.11 or later\\n")
    sys.exit(2)
from audit.verify import main

sys.exit(main())
'''


def packed() -> bytes:
    """Return the whole of `verify.pyz`."""
    written = io.BytesIO(_FIRST_LINE)
    written.seek(0, io.SEEK_END)
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py", _LONG_AGO), _MAIN)
        for name in MODULES:
            source = resources.files("audit").joinpath(f"{_STANDS_FOR.get(name, name)}.py")
            archive.writestr(zipfile.ZipInfo(f"audit/{name}.py", _LONG_AGO), source.read_bytes())
    return written.getvalue()
