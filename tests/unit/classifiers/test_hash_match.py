import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw, ImageEnhance, ImageOps
from skimage import data as photographs

from classifiers.canonical import Canonical, read
from classifiers.content import Image as Received
from classifiers.content import Purpose
from classifiers.errors import BankError, ClassifierError
from classifiers.hash_bank import Bank, Entry, HashType, Kind, Status
from classifiers.hash_bank_set import BankSet
from classifiers.hash_bank_store import SealedBanks
from classifiers.hash_match import HashMatch, near_score
from classifiers.perceptual import Hashed, hashes_of
from classifiers.signals import Finding, Reason, Signal, SignalName, Unavailable

DAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NEAR = {
    Kind.CSAM: SignalName.HASH_CSAM_NEAR,
    Kind.NCII: SignalName.HASH_NCII_NEAR,
    Kind.BLOCKED: SignalName.HASH_BLOCKED_NEAR,
}
EXACT = {
    Kind.CSAM: SignalName.HASH_CSAM_EXACT,
    Kind.NCII: SignalName.HASH_NCII_EXACT,
    Kind.BLOCKED: SignalName.HASH_BLOCKED_EXACT,
}
ALL = {*NEAR.values(), *EXACT.values()}
PHOTOGRAPHS = {
    name: Image.fromarray(getattr(photographs, name)()).resize((384, 288))
    for name in ("astronaut", "cat", "coffee", "rocket", "camera", "coins")
}
ASTRONAUT = PHOTOGRAPHS["astronaut"]


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    quick = {"compress_level": 1} if kind == "PNG" else {}
    picture.save(out, kind, **quick, **options)
    return out.getvalue()


def looked_at(data: bytes, purpose: Purpose = Purpose.SOURCE) -> Canonical:
    return read(Received("parameters.image", 0, purpose, data))


def hashed(data: bytes) -> Hashed:
    found = hashes_of(looked_at(data))[0]
    assert isinstance(found, Hashed)
    return found


def entry(digest: bytes, kind: HashType = HashType.PDQ, name: str = "417") -> Entry:
    return Entry("partner", name, kind, digest, "", 1, (), Status.ACTIVE, DAY)


def matcher(*entries: Entry, kind: Kind = Kind.BLOCKED) -> HashMatch:
    return HashMatch(BankSet((Bank("partner", kind, entries, DAY),)))


def score(findings: Sequence[Finding], name: SignalName) -> float:
    (found,) = [one for one in findings if one.name is name]
    assert isinstance(found, Signal)
    return found.score


PLAIN = saved(ASTRONAUT)
PDQ = hashed(PLAIN).pdq[0].tobytes()
PHASH = hashed(PLAIN).phash[0].tobytes()


def flipped(digest: bytes, bits: int) -> bytes:
    return (int.from_bytes(digest) ^ ((1 << bits) - 1)).to_bytes(len(digest))


class TestExact:
    @pytest.mark.parametrize("kind", Kind)
    @pytest.mark.parametrize("hash_type", [HashType.MD5, HashType.SHA1, HashType.SHA256])
    def test_the_same_bytes_are_found_by_each_digest(self, kind: Kind, hash_type: HashType) -> None:
        """Sources publish different digests of the same file."""
        digest = hashlib.new(hash_type, PLAIN).digest()

        findings = matcher(entry(digest, hash_type), kind=kind).classify(looked_at(PLAIN))

        assert score(findings, EXACT[kind]) == 1.0
        assert sum(one.score for one in findings if isinstance(one, Signal)) == 1.0

    def test_one_more_byte_is_another_file(self) -> None:
        """Exact means exact; what looks alike is another question."""
        digest = hashlib.sha256(PLAIN).digest()

        findings = matcher(entry(digest, HashType.SHA256)).classify(looked_at(PLAIN + b"x"))

        assert score(findings, SignalName.HASH_BLOCKED_EXACT) == 0.0


class TestNear:
    @pytest.mark.parametrize(("hash_type", "digest"), [("pdq", PDQ), ("phash_own", PHASH)])
    @pytest.mark.parametrize("distance", [0, 10, 11, 31])
    def test_within_thirty_one_bits_is_a_match(
        self, hash_type: str, digest: bytes, distance: int
    ) -> None:
        """The score says how near, so that a policy can tell a copy from a suspicion."""
        bank = matcher(entry(flipped(digest, distance), HashType(hash_type)))

        found = [f for f in bank.classify(looked_at(PLAIN)) if f.name is NEAR[Kind.BLOCKED]]

        assert found[0] == Signal(
            NEAR[Kind.BLOCKED],
            near_score(distance),
            found[0].where,
            bank.id,
            f"bank:partner/417 d={distance} v=same",
        )

    @pytest.mark.parametrize(("hash_type", "digest"), [("pdq", PDQ), ("phash_own", PHASH)])
    def test_thirty_two_bits_are_none(self, hash_type: str, digest: bytes) -> None:
        """The border is where the sources put it."""
        bank = matcher(entry(flipped(digest, 32), HashType(hash_type)))

        assert score(bank.classify(looked_at(PLAIN)), NEAR[Kind.BLOCKED]) == 0.0

    def test_evidence_shows_how_it_was_turned_and_never_the_hash(self) -> None:
        """A reviewer must recognise the copy; the log must not hold the hash."""
        copy = saved(ASTRONAUT.transpose(Image.Transpose.FLIP_LEFT_RIGHT))

        findings = matcher(entry(PDQ)).classify(looked_at(copy))

        (found,) = [f for f in findings if isinstance(f, Signal) and f.score]
        assert found.evidence.endswith("v=mirrored")
        assert PDQ.hex() not in repr(findings)

    @pytest.mark.parametrize("crop", [0.025, 0.05])
    def test_a_cropped_and_mirrored_copy_says_what_it_is(self, crop: float) -> None:
        """The list holds one hash of the whole; what it is compared with is made up."""
        across, down = (round(crop * side) for side in ASTRONAUT.size)
        box = (across, down, ASTRONAUT.width - across, ASTRONAUT.height - down)
        copy = saved(ImageOps.mirror(ASTRONAUT.crop(box)))

        findings = matcher(entry(PDQ)).classify(looked_at(copy))

        (found,) = [f for f in findings if isinstance(f, Signal) and f.score]
        assert found.evidence.endswith(f"v=crop {crop * 2:.0%} mirrored")

    def test_each_match_is_named_but_not_without_end(self) -> None:
        """A source may list one picture a thousand times."""
        many = [entry(flipped(PDQ, n), name=f"e{n}") for n in range(30)]

        findings = matcher(*many).classify(looked_at(PLAIN))

        scores = [f.score for f in findings if isinstance(f, Signal) and f.score]
        assert scores == [near_score(n) for n in range(16)]


class TestStatus:
    @pytest.mark.parametrize(
        ("status", "expected"),
        [(Status.ACTIVE, 1.0), (Status.DISPUTED, 0.5), (Status.RETRACTED, 0.0)],
    )
    def test_a_doubt_halves_and_a_retraction_ends_a_match(
        self, status: Status, expected: float
    ) -> None:
        """A disputed row still needs somebody to look."""
        exact = entry(hashlib.sha256(PLAIN).digest(), HashType.SHA256)
        bank = matcher(replace(entry(PDQ), status=status), replace(exact, status=status))

        findings = bank.classify(looked_at(PLAIN))

        assert score(findings, EXACT[Kind.BLOCKED]) == expected
        assert score(findings, NEAR[Kind.BLOCKED]) == expected

    def test_our_own_negative_clears_near_matches_of_exactly_these_bytes(self) -> None:
        """People looked and found two different pictures; another copy is looked at again."""
        digest = hashlib.sha256(PLAIN).digest()
        ours = Entry("ours", "7", HashType.SHA256, digest, "", 0, (), Status.OWN_NEGATIVE, DAY)
        theirs = Bank("partner", Kind.CSAM, (entry(PDQ), entry(digest, HashType.SHA256)), DAY)
        both = HashMatch(BankSet((theirs, Bank("ours", Kind.BLOCKED, (ours,), DAY))))

        cleared = both.classify(looked_at(PLAIN))
        other = both.classify(looked_at(PLAIN + b"x"))

        assert score(cleared, NEAR[Kind.CSAM]) == 0.0
        assert score(cleared, EXACT[Kind.CSAM]) == 1.0
        assert score(other, NEAR[Kind.CSAM]) == 1.0


class TestNobodyCouldLook:
    def test_a_flat_picture_is_answered_exactly_and_unknown_nearly(self) -> None:
        """An empty hash that matches nothing would read as clean."""
        flat = saved(Image.new("RGB", (300, 300), (9, 9, 9)))
        digest = hashlib.sha256(flat).digest()

        findings = matcher(entry(PDQ), entry(digest, HashType.SHA256)).classify(looked_at(flat))

        unknown = {f.name: f.reason for f in findings if isinstance(f, Unavailable)}
        assert unknown == dict.fromkeys(NEAR.values(), Reason.TOO_FLAT)
        assert score(findings, EXACT[Kind.BLOCKED]) == 1.0


class TestMasks:
    def test_a_true_mask_is_not_hashed_by_its_looks(self) -> None:
        """Half of all masks look alike, and most are too flat to hash."""
        mask = Image.new("L", (300, 300))
        ImageDraw.Draw(mask).rectangle((50, 50, 200, 250), fill=255)

        findings = matcher(entry(PDQ)).classify(looked_at(saved(mask), Purpose.MASK))

        assert {f.name: f.score for f in findings if isinstance(f, Signal)} == dict.fromkeys(ALL, 0)

    def test_a_picture_in_a_masks_place_is_matched_like_any_other(self) -> None:
        """Calling it a mask must not be a way round the banks."""
        findings = matcher(entry(PDQ)).classify(looked_at(PLAIN, Purpose.MASK))

        assert score(findings, NEAR[Kind.BLOCKED]) == 1.0


class TestContract:
    @pytest.mark.parametrize("banks", [(), (Bank("partner", Kind.NCII, (entry(PDQ),), DAY),)])
    def test_it_reports_exactly_what_it_emits(self, banks: tuple[Bank, ...]) -> None:
        """A name that is silently missing would be read as nobody's question."""
        built = HashMatch(BankSet(banks))

        assert {finding.name for finding in built.classify(looked_at(PLAIN))} == built.emits == ALL

    def test_no_banks_is_said_by_the_source_of_every_answer(self) -> None:
        """An operator declared it; the log must show that nothing was compared."""
        findings = HashMatch(BankSet(())).classify(looked_at(PLAIN))

        assert {(f.source, score(findings, f.name)) for f in findings} == {
            ("hash_match@2+no-banks", 0.0)
        }

    def test_another_list_is_another_source(self) -> None:
        """Findings of two snapshots must not be taken for each other."""
        assert matcher(entry(PDQ)).id != matcher(entry(flipped(PDQ, 1))).id

    def test_it_is_fit_for_use(self) -> None:
        """`warm` hashes a pattern whose hash is the same everywhere."""
        matcher().warm()

    def test_a_hash_that_changed_is_found_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Another version of the hash would match no bank, silently."""
        monkeypatch.setattr("classifiers.hash_match._PATTERN_PDQ", flipped(PDQ, 9))

        with pytest.raises(ClassifierError):
            matcher().warm()


def swapped_colours(picture: Image.Image) -> bytes:
    """Stored with red and blue exchanged, and a profile that exchanges them back."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = plain.replace(b"rXYZ", b"____").replace(b"bXYZ", b"rXYZ").replace(b"____", b"bXYZ")
    red, green, blue = picture.convert("RGB").split()
    return saved(Image.merge("RGB", (blue, green, red)), icc_profile=profile)


def rotated_by_exif(picture: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(picture.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=90)


def hidden(picture: Image.Image) -> bytes:
    picture = picture.convert("RGB")
    picture.putalpha(0)
    return saved(picture)


def in_alpha(picture: Image.Image) -> bytes:
    white = Image.new("RGB", picture.size, "white")
    white.putalpha(picture.convert("L"))
    return saved(white)


def sixteen_bits(picture: Image.Image) -> bytes:
    return saved(Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257))


COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "png": saved,
    "webp": lambda p: saved(p, "WEBP", quality=60),
    "jpeg_50": lambda p: saved(p.convert("RGB"), "JPEG", quality=50),
    "palette_16": lambda p: saved(p.convert("RGB").quantize(16)),
    "cmyk": lambda p: saved(p.convert("RGB").convert("CMYK"), "JPEG", quality=90),
    "sixteen_bits": sixteen_bits,
    "grey": lambda p: saved(p.convert("L")),
    "exif": rotated_by_exif,
    "profile": swapped_colours,
    "hidden_under_alpha": hidden,
    "in_the_alpha_plane": in_alpha,
    "mirrored": lambda p: saved(p.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    "upside_down": lambda p: saved(p.transpose(Image.Transpose.FLIP_TOP_BOTTOM)),
    "left": lambda p: saved(p.transpose(Image.Transpose.ROTATE_90)),
    "half_size": lambda p: saved(p.resize((p.width // 2, p.height // 2))),
    "larger": lambda p: saved(p.resize((p.width * 3 // 2, p.height * 3 // 2))),
    "squashed": lambda p: saved(p.resize((p.width, p.height * 2 // 3))),
    "brighter": lambda p: saved(ImageEnhance.Brightness(p).enhance(1.3)),
}


@pytest.fixture(scope="module")
def known() -> HashMatch:
    rows: list[Entry] = []
    for name, picture in PHOTOGRAPHS.items():
        found = hashed(saved(picture))
        rows.append(entry(found.pdq[0].tobytes(), HashType.PDQ, name))
        rows.append(entry(found.phash[0].tobytes(), HashType.PHASH_OWN, name))
    return matcher(*rows)


@pytest.mark.parametrize("copy", COPIES)
def test_ordinary_copies_of_photographs_are_found_and_no_other(known: HashMatch, copy: str) -> None:
    """Stock hashing of the same library finds none of a palette or CMYK copy."""
    for name, picture in PHOTOGRAPHS.items():
        findings = known.classify(looked_at(COPIES[copy](picture)))
        hits = {f.evidence.split()[0] for f in findings if isinstance(f, Signal) and f.score}
        assert hits == {f"bank:partner/{name}"}


class TestBlind:
    @pytest.mark.parametrize(
        ("banks", "reason"),
        [
            (BankSet((), stale=frozenset({Kind.CSAM})), Reason.STALE),
            (BankSet((), missing=frozenset({Kind.CSAM})), Reason.NO_BANKS),
        ],
    )
    def test_where_a_bank_cannot_be_asked_nobody_could_look(
        self, banks: BankSet, reason: Reason
    ) -> None:
        """A licence that ended, or a list that was never imported, is not a clean answer."""
        built = HashMatch(banks)

        findings = built.classify(looked_at(PLAIN))

        blind = {EXACT[Kind.CSAM], NEAR[Kind.CSAM]}
        unknown = {f.name: f.reason for f in findings if isinstance(f, Unavailable)}
        assert unknown == dict.fromkeys(blind, reason)
        assert {finding.name for finding in findings} == ALL
        assert {answer.name for answer in built.answers} == ALL - blind

    def test_a_match_counts_though_another_bank_of_its_kind_is_stale(self) -> None:
        """What is known is known."""
        banks = (Bank("partner", Kind.BLOCKED, (entry(PDQ),), DAY),)

        findings = HashMatch(BankSet(banks, frozenset({Kind.BLOCKED}))).classify(looked_at(PLAIN))

        assert score(findings, NEAR[Kind.BLOCKED]) == 1.0
        (exactly,) = [f for f in findings if f.name is EXACT[Kind.BLOCKED]]
        assert isinstance(exactly, Unavailable)

    def test_banks_that_do_not_open_answer_nothing(self, tmp_path: Path) -> None:
        """Nothing may be admitted that nobody could look at."""
        built = HashMatch(SealedBanks(tmp_path, bytes(32), lambda: DAY))

        assert built.answers == frozenset()
        assert built.id == "hash_match@2+lost-banks"
        for look in (built.warm, lambda: built.classify(looked_at(PLAIN))):
            with pytest.raises(BankError):
                look()
