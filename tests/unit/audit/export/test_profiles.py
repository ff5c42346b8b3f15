"""Who is given what: each profile's export holds, verifies, and keeps what it has to keep."""

import json
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from audit.connection import connect_reader
from audit.entry import Kind, entry_id
from audit.errors import MalformedError
from audit.export.build import build
from audit.export.check import verify_export
from audit.export.profile import Profile, Scope, tips_off
from audit.leaf import Leaf, leaf_of
from tests.tamper.exporting import EXPORT, World, exported, order_of, packed
from tests.unit.audit.export.world import BOBS, CANARY, DRY, HARBOUR, HELD, RELEASED, scope, way

STAFF = (b"Ada of the staff", b"a reviewer's own words")  # with spaces: no base64 is like them


@pytest.fixture(scope="module")
def exports(world: World, tmp_path_factory: pytest.TempPathFactory) -> Mapping[Profile, Path]:
    folder = tmp_path_factory.mktemp("profiles")
    return {each: exported(world, folder / each, order_of(scope(each))) for each in Profile}


def leaves(folder: Path) -> list[Leaf]:
    return [Leaf.parse(line) for line in (folder / "entries.jsonl").read_bytes().splitlines()]


def submissions_of(given: Iterable[Leaf]) -> set[str | None]:
    found = (leaf.public.get("submission") for leaf in given)
    return {each if each is None else str(each) for each in found}


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def everything(folder: Path) -> bytes:
    """Return all that is in an export but the verifier's own source."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "verify.pyz"]
    return b"".join(path.read_bytes() for path in paths)


@pytest.mark.parametrize("profile", Profile)
def test_every_export_verifies_as_a_directory_and_packed(
    profile: Profile, exports: Mapping[Profile, Path], world: World
) -> None:
    """Both are the same files, and the same report."""
    folder = exports[profile]
    report = verify_export(folder, world.vkey)

    assert report.problems == ()
    assert verify_export(packed(folder), world.vkey) == report
    assert all(step.problems == 0 for step in report.steps)
    assert report.not_proved


@pytest.mark.parametrize("profile", Profile)
def test_no_words_of_the_staff_are_in_any(
    profile: Profile, exports: Mapping[Profile, Path]
) -> None:
    """Who ruled is the operator's to know; the leaf commits to it."""
    assert not [each for each in STAFF if each in everything(exports[profile])]


def test_a_regulator_is_given_every_entry_and_no_content(
    exports: Mapping[Profile, Path], world: World
) -> None:
    """No prompts, no names: leaves are made so that they can be given away."""
    folder = exports[Profile.REGULATOR]
    report = verify_export(folder, world.vkey)

    assert report.disclosed == report.entries == len(leaves(folder))
    assert (folder / "disclosed.jsonl").read_bytes() == b""
    assert CANARY.encode() not in everything(folder)


def test_an_auditor_is_given_rules_and_scores_and_nobodys_name(
    exports: Mapping[Profile, Path],
) -> None:
    """How was decided, not about whom."""
    rows = lines(exports[Profile.AUDITOR] / "disclosed.jsonl")

    assert rows
    assert {row["field"] for row in rows} == {"@detail"}
    assert b"subject-ann" not in everything(exports[Profile.AUDITOR])


def test_law_enforcement_is_given_one_case_with_its_names(
    exports: Mapping[Profile, Path], world: World
) -> None:
    """And the hash of everything else, so that nothing can be said to be missing."""
    folder = exports[Profile.LAW_ENFORCEMENT]
    report = verify_export(folder, world.vkey)
    named = [row["value"] for row in lines(folder / "disclosed.jsonl") if row["field"] == "subject"]

    assert named == [{"text": "subject-bob"}] * 3  # of four entries one is erased
    assert report.erased == 1
    assert report.withheld == {"other_case": report.entries - report.disclosed}
    assert b"subject-ann" not in everything(folder)


def test_a_subject_is_given_their_own_and_nothing_that_tips_them_off(
    exports: Mapping[Profile, Path], world: World
) -> None:
    """A refusal that was escalated, a seized picture: not even that it is kept back is told.

    That people took a case and ruled on it is no secret.
    """
    folder = exports[Profile.DATA_SUBJECT]
    own = [leaf for leaf in leaves(folder) if leaf.kind not in {Kind.GENESIS, Kind.EXPORT}]
    named = {row["index"] for row in lines(folder / "disclosed.jsonl")}

    assert submissions_of(own) == {str(RELEASED), None}
    assert [leaf.entry_id for leaf in own if leaf.kind is Kind.DRY_RUN] == [DRY]
    assert Kind.RULING in {leaf.kind for leaf in own}
    assert not [leaf for leaf in own if tips_off(leaf)]
    assert len(named) == len(own) - 1  # all but the ruling name them
    assert verify_export(folder, world.vkey).withheld == {}
    assert not list(folder.rglob("tile"))
    assert b"CSE" not in (folder / "entries.jsonl").read_bytes()


def test_a_subject_cannot_tell_whether_anything_was_kept_back(
    exports: Mapping[Profile, Path],
) -> None:
    """No count, no reason, no file speaks of other entries."""
    folder = exports[Profile.DATA_SUBJECT]
    manifest = json.loads((folder / "manifest.json").read_bytes())

    assert (manifest["withheld"], manifest["policies_missing"]) == ({}, ["0" * 64])
    assert not (folder / "withheld.jsonl").exists()
    assert not (folder / "figures").exists()


def test_transparency_is_counts_and_no_small_ones(exports: Mapping[Profile, Path]) -> None:
    """One seized picture a month is somebody."""
    folder = exports[Profile.TRANSPARENCY]
    table = (folder / "figures" / "counts.csv").read_text()

    assert {leaf.kind for leaf in leaves(folder)} == {Kind.GENESIS, Kind.EXPORT}
    assert "2026-11,halted,block_and_escalate,CSE.TEXT,<10" in table
    assert [row for row in table.splitlines()[1:] if row.rpartition(",")[2].isdecimal()] == []
    assert json.loads((folder / "figures" / "fail_closed.json").read_bytes())["minutes"] == 1


def test_what_is_left_out_is_counted_by_its_reason(world: World, tmp_path: Path) -> None:
    """Left out by scope differs from deleted, and each index says which."""
    asked = scope(
        Profile.REGULATOR,
        since="2026-11-21T00:00:00.000000Z",
        until="2026-11-22T00:00:00.000000Z",
        tenant=HARBOUR,
    )
    folder = exported(world, tmp_path / "some", order_of(asked))
    report = verify_export(folder, world.vkey)
    there = submissions_of(leaves(folder))

    assert report.ok
    assert there == {None, str(BOBS), str(HELD)}
    assert report.withheld.keys() == {"outside_period", "other_tenant"}
    assert report.disclosed + sum(report.withheld.values()) == report.entries
    assert any("left out rightly" in each for each in report.not_proved)


def test_a_sample_takes_whole_submissions_by_a_seed_that_nobody_chose() -> None:
    """Half a submission says nothing, and a sample of the operator's choice says less."""
    asked = scope(Profile.AUDITOR, sample=500_000)

    def drawn(seed: str) -> set[int]:
        found: set[int] = set()
        for number in range(200):
            told = {
                asked.withholds(Leaf.parse(leaf_of(step, {"@detail": b"s"}).write()), seed) is None
                for step in way(UUID(int=number), HARBOUR, None)
            }
            assert len(told) == 1
            found |= {number} if True in told else set()
        return found

    assert 60 < len(drawn("ab")) < 140
    assert drawn("ab") == drawn("ab") != drawn("cd")


def test_what_is_not_drawn_is_left_out_with_that_reason(world: World, tmp_path: Path) -> None:
    """The auditor sees how much there is besides."""
    folder = exported(world, tmp_path / "s", order_of(scope(Profile.AUDITOR, sample=0)))
    report = verify_export(folder, world.vkey)

    assert report.ok
    assert report.withheld == {"not_sampled": report.entries - report.disclosed}
    assert submissions_of(leaves(folder)) == {None}


def test_the_same_export_of_the_same_log_is_the_same_to_the_byte(
    world: World, tmp_path: Path
) -> None:
    """So a digest of it can be compared: no clock and no chance goes into it."""
    order = order_of(scope(Profile.REGULATOR))
    first = exported(world, tmp_path / "one", order)
    second = tmp_path / "second"
    second.mkdir()
    with closing(connect_reader(first.with_name("log.db"))) as connection:
        build(connection, second, order)

    assert packed(first).read_bytes() == packed(second).read_bytes()


def test_an_exports_entry_commits_to_what_was_asked_for(
    exports: Mapping[Profile, Path],
) -> None:
    """Everybody can hold the manifest to it, and nobody can guess from it who it is about."""
    (own,) = [each for each in leaves(exports[Profile.DATA_SUBJECT]) if each.entry_id == EXPORT]
    asked = scope(Profile.DATA_SUBJECT)

    assert own.public["digest"] == asked.digest()
    assert own.public["digest"] != replace(asked, nonce="cd" * 32).digest()
    assert own.personal.keys() == {"person"}


@pytest.mark.parametrize(
    ("profile", "more"),
    [
        (Profile.LAW_ENFORCEMENT, {"authority": None}),
        (Profile.LAW_ENFORCEMENT, {"submissions": ()}),
        (Profile.DATA_SUBJECT, {"subject": None}),
        (Profile.DATA_SUBJECT, {"tenant": None}),
        (Profile.AUDITOR, {"sample": None}),
        (Profile.REGULATOR, {"subject": "ann"}),
        (Profile.REGULATOR, {"sample": 7}),
        (Profile.REGULATOR, {"since": "yesterday"}),
        (Profile.REGULATOR, {"nonce": "short"}),
        (Profile.LAW_ENFORCEMENT, {"authority": "two\nlines"}),
        (Profile.LAW_ENFORCEMENT, {"submissions": ("no id",)}),
    ],
)
def test_what_does_not_fit_its_profile_cannot_be_asked_for(
    profile: Profile, more: Mapping[str, object]
) -> None:
    """A court's export without the court would be somebody's own idea."""
    with pytest.raises(MalformedError):
        Scope.read(scope(profile, **more).said())


@pytest.mark.parametrize("profile", Profile)
def test_a_scope_reads_back_as_it_was_written(profile: Profile) -> None:
    """The log keeps it, and the server opens details by what it reads there."""
    assert Scope.read(scope(profile).said()) == scope(profile)


def test_an_entry_of_the_subject_is_found_by_its_detail_alone(
    exports: Mapping[Profile, Path],
) -> None:
    """Another tenant's subject of the same name is somebody else."""
    ids = {leaf.entry_id for leaf in leaves(exports[Profile.DATA_SUBJECT])}

    assert entry_id(RELEASED, Kind.RELEASE) in ids
    assert entry_id(BOBS, Kind.RELEASE) not in ids
