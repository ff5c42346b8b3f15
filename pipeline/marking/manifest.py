"""Signs a picture's file with a C2PA manifest: who says that a machine made it, in this very file.

It comes with the extra `c2pa`. Nothing is fetched: no thumbnail, no remote manifest, no time stamp.
The manifest tells of no user and no prompt. What was signed is read back before it leaves.
"""

import io
import json
from collections.abc import Mapping
from threading import Lock
from typing import Final

import c2pa
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pipeline.errors import MarkingError
from pipeline.marking.parts import taken_apart
from pipeline.marking.xmp import SOURCE_TYPE, check

_NOTHING_FETCHED: Final = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}
_HOLDS: Final = frozenset({"Valid", "Trusted"})
"""Whether readers trust the certificate is theirs to say: here none is trusted or mistrusted."""
_MANIFESTS: Final = frozenset({b"caBX", b"C2PA"})
_CURVES: Final[Mapping[str, c2pa.C2paSigningAlg]] = {
    "secp256r1": c2pa.C2paSigningAlg.ES256,
    "secp384r1": c2pa.C2paSigningAlg.ES384,
    "secp521r1": c2pa.C2paSigningAlg.ES512,
}


class Signer:
    """Signs files with one certificate. It may be used by several threads."""

    def __init__(self, chain: bytes, key: bytes) -> None:
        """Build from the certificate with those up to a root, and its private key, all PEM.

        Raises:
            MarkingError: the two cannot sign.
        """
        self._turn = Lock()
        try:
            self._context = c2pa.Context.from_dict(_NOTHING_FETCHED)
            said = c2pa.C2paSignerInfo(_algorithm(key), chain, key, None)
            self._signer = c2pa.Signer.from_info(said)
        except c2pa.C2paError as fault:
            raise MarkingError("a certificate and its key", type(fault).__name__) from None

    def __call__(self, data: bytes) -> bytes:
        """Return a marked file with a manifest; nothing else of it is changed.

        Raises:
            MarkingError: it was not signed, or is not what it was. It MUST NOT leave.
        """
        kind = "image/webp" if data.startswith(b"RIFF") else "image/png"
        out = io.BytesIO()
        try:
            with self._turn:
                builder = c2pa.Builder(json.dumps(_manifest(kind)), self._context)
                with builder:
                    builder.sign(self._signer, kind, io.BytesIO(data), out)
                with c2pa.Reader(kind, io.BytesIO(out.getvalue()), context=self._context) as read:
                    state = read.get_validation_state()
        except c2pa.C2paError as fault:
            raise MarkingError("a file that can be signed", type(fault).__name__) from None
        signed = out.getvalue()
        manifests = [part for part in taken_apart(signed) if part.kind in _MANIFESTS]
        if state not in _HOLDS or len(manifests) != 1:
            raise MarkingError("a manifest that holds", state)
        check(signed, data)
        return signed


def _manifest(kind: str) -> Mapping[str, object]:
    made = {
        "action": "c2pa.created",
        "digitalSourceType": SOURCE_TYPE,
        "softwareAgent": {"name": "NovelAI Diffusion"},
    }
    return {
        "claim_generator_info": [{"name": "Imprimatur"}],
        "format": kind,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [made]}}],
    }


def _algorithm(key: bytes) -> c2pa.C2paSigningAlg:
    try:
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise MarkingError("a private key in PEM, without a password", "something else") from None
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return c2pa.C2paSigningAlg.ED25519
    if isinstance(private, rsa.RSAPrivateKey):
        return c2pa.C2paSigningAlg.PS256
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in _CURVES:
        return _CURVES[private.curve.name]
    raise MarkingError("a key for ECDSA, Ed25519 or RSA", "another")
