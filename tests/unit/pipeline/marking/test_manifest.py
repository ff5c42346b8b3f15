"""Manifests: signed last, read back, and in a file that is what it was but for them."""

import io
import json
from pathlib import Path

import c2pa
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from PIL import Image

from pipeline.errors import MarkingError, SettingsError
from pipeline.items import ReleasedMetadata
from pipeline.marking.leaving import leaving
from pipeline.marking.manifest import Signer
from pipeline.marking.opening import opened
from pipeline.marking.parts import unmarked
from pipeline.marking.xmp import PACKET, SOURCE_TYPE
from pipeline.settings import Settings
from pipeline.settings.values import Signing
from tests.unit.pipeline.marking.certificates import certificate, pair, written


def drawn(kind: str) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((64, 48), 80).convert("RGB").save(out, kind, lossless=True)
    return out.getvalue()


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer(*pair())


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("metadata", ReleasedMetadata)
class TestEveryFile:
    def test_has_a_manifest_that_holds(
        self, signer: Signer, kind: str, metadata: ReleasedMetadata
    ) -> None:
        """It says that a machine made it, and neither for whom nor of what."""
        leaves = leaving(drawn(kind), metadata, signer)

        with c2pa.Reader(f"image/{kind.lower()}", io.BytesIO(leaves.data)) as reader:
            state, told = reader.get_validation_state(), json.loads(reader.json())
        (manifest,) = told["manifests"].values()
        assert state == "Valid"
        assert [each["code"] for each in told["validation_status"]] == [
            "signingCredential.untrusted"
        ]
        (actions,) = [each for each in manifest["assertions"] if "actions" in each["label"]]
        (action,) = actions["data"]["actions"]
        assert (action["action"], action["digitalSourceType"]) == ("c2pa.created", SOURCE_TYPE)
        assert "thumbnail" not in manifest
        assert leaves.mark == f"{metadata.value}+xmp+c2pa"

    def test_is_the_marked_file_but_for_it(
        self, signer: Signer, kind: str, metadata: ReleasedMetadata
    ) -> None:
        """No pixel and no other byte."""
        picture = drawn(kind)
        marked, signed = leaving(picture, metadata).data, leaving(picture, metadata, signer).data

        assert unmarked(signed) == unmarked(marked)
        assert signed.count(PACKET) == 1
        was, is_now = (Image.open(io.BytesIO(each)).tobytes() for each in (marked, signed))
        assert was == is_now


def test_a_byte_that_is_changed_afterwards_shows(signer: Signer) -> None:
    """Which is what a manifest is for."""
    signed = bytearray(leaving(drawn("PNG"), ReleasedMetadata.STRIP_TEXT, signer).data)
    signed[signed.index(PACKET) + 5] ^= 1

    with c2pa.Reader("image/png", io.BytesIO(bytes(signed))) as reader:
        assert reader.get_validation_state() == "Invalid"


def test_a_file_with_a_manifest_is_signed_anew(signer: Signer) -> None:
    """Theirs does not hold once ours is in the file."""
    once = leaving(drawn("PNG"), ReleasedMetadata.KEEP, signer).data
    twice = leaving(once, ReleasedMetadata.KEEP, signer).data

    assert twice.count(b"caBX") == 1
    assert unmarked(twice) == unmarked(once)


def test_what_is_no_picture_is_not_signed(signer: Signer) -> None:
    """It does not leave."""
    with pytest.raises(MarkingError):
        signer(b"\x89PNG\r\n\x1a\n" + bytes(100))


def test_other_kinds_of_keys_sign_too() -> None:
    """Whichever kind a certificate authority certifies."""
    for key in (ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP384R1())):
        assert leaving(drawn("PNG"), ReleasedMetadata.KEEP, Signer(*pair(key))).mark.endswith(
            "c2pa"
        )


class TestOpening:
    def settings(self, folder: Path, chain: bytes, key: bytes, mode: int = 0o600) -> Settings:
        certificate_file, key_file = folder / "c2pa.pem", folder / "c2pa.key"
        certificate_file.write_bytes(chain)
        key_file.write_bytes(key)
        key_file.chmod(mode)
        said = Signing(certificate_file=certificate_file, key_file=key_file)
        return Settings(data_dir=folder, banks=(), c2pa=said)

    def test_it_signs_with_what_is_named(self, tmp_path: Path) -> None:
        """And without the setting nobody signs."""
        sign = opened(self.settings(tmp_path, *pair()))

        assert sign is not None
        assert leaving(drawn("PNG"), ReleasedMetadata.KEEP, sign).mark == "keep+xmp+c2pa"
        assert opened(Settings(data_dir=tmp_path, banks=())) is None

    @pytest.mark.parametrize(
        "fault", ["another's key", "no key", "no chain", "open", "root alone", "over"]
    )
    def test_what_cannot_sign_does_not_start(self, tmp_path: Path, fault: str) -> None:
        """Not with the first picture that is paid for."""
        chain, key = pair()
        root = ec.generate_private_key(ec.SECP256R1())
        chain, key, mode = {
            "another's key": (chain, pair()[1], 0o600),
            "no key": (chain, b"none", 0o600),
            "no chain": (b"none", key, 0o600),
            "open": (chain, key, 0o644),
            "over": (*pair(days=-1), 0o600),
            "root alone": (certificate(root, root, is_root=True), written(root), 0o600),
        }[fault]

        with pytest.raises(SettingsError, match="c2pa: expected a certificate"):
            opened(self.settings(tmp_path, chain, key, mode))
