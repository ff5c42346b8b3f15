"""Certificates as C2PA wants them, made here: readers trust none of them."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.now(UTC)  # noqa: TID251 - the library holds certificates against the real clock
Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def certificate(of: Key, by: Key, *, is_root: bool, days: int = 30) -> bytes:
    """A certificate as C2PA wants it, of a root or signed by one."""

    def named(which: str) -> x509.Name:
        organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Harbour Pictures")
        return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, which)])

    usage = dict.fromkeys(("content_commitment", "key_encipherment"), False)
    usage |= dict.fromkeys(("data_encipherment", "key_agreement"), False)
    usage |= {"encipher_only": False, "decipher_only": False}
    made = (
        x509.CertificateBuilder()
        .subject_name(named("root" if is_root else "signer"))
        .issuer_name(named("root"))
        .public_key(of.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=60))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.BasicConstraints(is_root, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(of.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=not is_root, key_cert_sign=is_root, crl_sign=is_root, **usage
            ),
            critical=True,
        )
    )
    if not is_root:
        email = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        made = made.add_extension(email, critical=False)
    return made.sign(by, hashes.SHA256()).public_bytes(Encoding.PEM)


def pair(key: Key | None = None, days: int = 30) -> tuple[bytes, bytes]:
    """A chain and its private key, made here: readers trust neither."""
    root, own = ec.generate_private_key(ec.SECP256R1()), key
    if own is None:
        own = ec.generate_private_key(ec.SECP256R1())
    chain = certificate(own, root, is_root=False, days=days) + certificate(root, root, is_root=True)
    return chain, written(own)


def written(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
