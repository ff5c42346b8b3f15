"""Time stamps (RFC 3161), asked for and held to the certificates of an authority that was named.

In `verify.pyz` the file `audit/no_stamps.py` stands in this one's place.
"""

import rfc3161_client as tsp
from cryptography import x509

from audit.errors import MalformedError, UntrustedError


def request(message: bytes) -> tuple[bytes, int]:
    """Return a request to stamp this message, and the nonce that its answer has to carry."""
    asked = tsp.TimestampRequestBuilder().data(message).nonce(nonce=True).build()
    if asked.nonce is None:
        raise MalformedError("time stamp request", "a nonce", None)
    return asked.as_bytes(), asked.nonce


def stamped_at(
    response: bytes, message: bytes, certificates: bytes, nonce: int | None = None
) -> int:
    """Return when the message was stamped, in whole seconds since 1970.

    `certificates` is PEM: the authority's own certificate, which MUST have made the stamp, and
    those above it, the last of which is trusted as it is.

    Raises:
        MalformedError: it is no answer of a time-stamp authority, or no certificates were given.
        UntrustedError: the stamp is not by that authority, or over something else.
    """
    chain = _chain(certificates)
    try:
        answer = tsp.decode_timestamp_response(response)
        verifier = tsp.VerifierBuilder(
            tsa_certificate=chain[0],
            intermediates=chain[1:-1],
            roots=chain[-1:],
            nonce=nonce,
        ).build()
        verifier.verify_message(answer, message)
        return int(answer.tst_info.gen_time.timestamp())
    except tsp.VerificationError as fault:
        raise UntrustedError("time stamp", str(fault)) from fault
    except Exception as fault:  # the parsers of ASN.1 and X.509 have errors of many families
        raise MalformedError("time stamp", "an RFC 3161 answer", type(fault).__name__) from fault


def _chain(certificates: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(certificates)
    except Exception as fault:  # the same
        raise MalformedError("time stamps", "PEM certificates", type(fault).__name__) from fault
