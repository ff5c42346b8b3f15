import json
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import Result

from classifiers.pins import parse_registry, shipped_registry
from tests.unit.classifiers.raters import NAME as RATER
from tests.unit.classifiers.raters import card_of, classifier, write_rater
from tests.unit.pipeline.cli.conftest import Run
from tests.unit.pipeline.cli.modelling.hub import Hub, serving

NAME = "wd_vit_tagger_v3"
REVISION = "5f" * 20
FILES = {"model.onnx": bytes(range(256)) * 2000, "selected_tags.csv": b"tag_id,name\n1,sky\n"}
real_hub = pytest.mark.enable_socket


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with the files, at the address where pulling looks."""
    with serving(Hub(REVISION, dict(FILES))) as one:
        monkeypatch.setenv("HF_ENDPOINT", one.address)
        yield one


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """A registry file in which the model is pinned."""
    pin = json.loads(parse_registry(shipped_registry())[NAME].write())
    pin["revision"] = REVISION
    pin["files"] = {name: sha256(data).hexdigest() for name, data in FILES.items()}
    path = tmp_path / "models.yaml"
    path.write_text(json.dumps({"models": [pin]}))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files, in a folder of this machine."""
    folder = tmp_path / "given"
    folder.mkdir()
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    return folder


def pull(run: Run, tmp_path: Path, registry: Path, *more: object) -> Result:
    """Pull the model into a data directory."""
    return run(
        "--data-dir", tmp_path / "var", "models", "pull", NAME, "--registry", registry, *more
    )


def kept(tmp_path: Path) -> dict[str, bytes]:
    """What lies in the model's folder."""
    found = tmp_path / "var" / "models" / NAME
    return {path.name: path.read_bytes() for path in found.iterdir()} if found.is_dir() else {}


@real_hub
class TestPullFromAHub:
    def test_keeps_every_file_and_its_card(
        self, run: Run, tmp_path: Path, registry: Path, hub: Hub
    ) -> None:
        """What was pinned is here, byte for byte, and says what it was pinned to."""
        said = pull(run, tmp_path, registry, "--json")

        assert said.exit_code == 0, said.output
        found = kept(tmp_path)
        assert json.loads(found.pop("card.json"))["revision"] == REVISION
        assert found == FILES
        assert json.loads(said.stdout)["id"].startswith(f"{NAME}@1+")
        assert run("--data-dir", tmp_path / "var", "models", "verify", NAME).exit_code == 0
        assert sorted(hub.sent) == sorted(FILES)

    def test_goes_on_where_a_connection_broke(
        self, run: Run, tmp_path: Path, registry: Path, hub: Hub
    ) -> None:
        """A model is hundreds of megabytes: a broken line must not begin it anew."""
        hub.files["model.onnx"] = large = bytes(16) * 2**20  # it goes on in steps of 10 MiB
        hub.breaks_once_at = 12 * 2**20
        known = json.loads(registry.read_text())
        known["models"][0]["files"]["model.onnx"] = sha256(large).hexdigest()
        registry.write_text(json.dumps(known))

        said = pull(run, tmp_path, registry)

        assert said.exit_code == 0, said.output
        assert len(hub.ranges) == 1
        assert 0 < int(hub.ranges[0].removeprefix("bytes=").removesuffix("-")) <= 12 * 2**20
        assert kept(tmp_path)["model.onnx"] == large

    def test_finds_files_that_lie_in_a_folder_of_their_repository(
        self, run: Run, tmp_path: Path, registry: Path, hub: Hub
    ) -> None:
        """A repository holds many models; a refused one is fetched anew, a whole one is not."""
        known = json.loads(registry.read_text())
        known["models"][0]["folder"] = "small_v1"
        registry.write_text(json.dumps(known))
        hub.files = {f"small_v1/{name}": data for name, data in FILES.items()}
        hub.files["small_v1/model.onnx"] = bytes(9)

        refused = pull(run, tmp_path, registry)
        hub.files["small_v1/model.onnx"] = FILES["model.onnx"]
        said = pull(run, tmp_path, registry)

        assert refused.exit_code == 1
        assert said.exit_code == 0, said.output
        found = kept(tmp_path)
        assert json.loads(found.pop("card.json"))["folder"] == "small_v1"
        assert found == FILES
        assert sorted(hub.sent) == sorted(["small_v1/model.onnx", *hub.files])

    def test_refuses_bytes_that_were_not_pinned_and_keeps_none(
        self, run: Run, tmp_path: Path, registry: Path, hub: Hub
    ) -> None:
        """Whoever answers in the hub's name must not choose what the gate sees."""
        bent = bytearray(FILES["model.onnx"])
        bent[1000] ^= 1
        hub.files["model.onnx"] = bytes(bent)

        said = pull(run, tmp_path, registry)

        assert said.exit_code == 1
        assert "expected sha256" in said.stderr
        assert kept(tmp_path) == {}
        assert not list((tmp_path / "var").rglob("model.onnx"))

    def test_goes_on_with_what_is_whole_after_a_refusal(
        self, run: Run, tmp_path: Path, registry: Path, hub: Hub
    ) -> None:
        """Only the file that was wrong is fetched anew."""
        hub.files["model.onnx"] = b"another"
        pull(run, tmp_path, registry)
        hub.files["model.onnx"] = FILES["model.onnx"]

        said = pull(run, tmp_path, registry)

        assert said.exit_code == 0, said.output
        assert hub.sent == ["model.onnx", "selected_tags.csv", "model.onnx"]

    def test_says_that_a_file_or_revision_is_gone(
        self, run: Run, tmp_path: Path, registry: Path, hub: Hub
    ) -> None:
        """Gone is said in one line, without an address, and nothing is left half."""
        del hub.files["selected_tags.csv"]

        said = pull(run, tmp_path, registry)

        assert said.exit_code == 2
        assert "EntryNotFoundError" in said.stderr
        assert hub.address not in said.output
        assert kept(tmp_path) == {}

    def test_says_that_nobody_answers(
        self, run: Run, tmp_path: Path, registry: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An air-gapped machine is told in a line, not by frames."""
        with serving(Hub(REVISION, {})) as closed:
            monkeypatch.setenv("HF_ENDPOINT", f"{closed.address}/nowhere")

            said = pull(run, tmp_path, registry)

        assert said.exit_code == 2
        assert kept(tmp_path) == {}


class TestPullFromThisMachine:
    def test_takes_a_folder(self, run: Run, tmp_path: Path, registry: Path, folder: Path) -> None:
        """An air-gapped site carries models in by hand, and checks them alike."""
        assert pull(run, tmp_path, registry, "--from", folder).exit_code == 0
        assert kept(tmp_path)["model.onnx"] == FILES["model.onnx"]

    @pytest.mark.parametrize("kind", ["zip", "tar.gz"])
    def test_takes_an_archive(
        self, run: Run, tmp_path: Path, registry: Path, folder: Path, kind: str
    ) -> None:
        """As a hub's page gives it; only files that were pinned leave it."""
        path = tmp_path / f"model.{kind}"
        if kind == "zip":
            with zipfile.ZipFile(path, "w") as zipped:
                zipped.writestr("../evil.sh", b"no")
                for name in FILES:
                    zipped.write(folder / name, f"wd/{name}")
        else:
            with tarfile.open(path, "w:gz") as tarred:
                tarred.add(folder, "wd")

        said = pull(run, tmp_path, registry, "--from", path)

        assert said.exit_code == 0, said.output
        assert kept(tmp_path).keys() == {*FILES, "card.json"}
        assert not list(tmp_path.rglob("evil.sh"))

    def test_refuses_what_was_not_pinned(
        self, run: Run, tmp_path: Path, registry: Path, folder: Path
    ) -> None:
        """A disk that is carried in is trusted no more than a line."""
        (folder / "model.onnx").write_bytes(b"another")

        assert pull(run, tmp_path, registry, "--from", folder).exit_code == 1
        assert kept(tmp_path) == {}

    def test_refuses_what_is_no_archive_or_lacks_a_file(
        self, run: Run, tmp_path: Path, registry: Path, folder: Path
    ) -> None:
        """Each is told in one line."""
        (folder / "selected_tags.csv").unlink()

        assert pull(run, tmp_path, registry, "--from", folder).exit_code == 2
        assert pull(run, tmp_path, registry, "--from", registry).exit_code == 2
        assert kept(tmp_path) == {}


def test_weights_without_what_makes_a_graph_of_them_are_no_model(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without torch there is nothing to hold a graph to, and one that fits by name is not taken."""
    for name in ("torch", "transformers", "safetensors"):
        monkeypatch.setitem(sys.modules, name, None)
    given = write_rater(tmp_path, classifier((0.0, 0.0, 0.0)), weights=b"weights")
    digests = json.loads((given / "card.json").read_bytes())["files"]
    registry = tmp_path / "raters.yaml"
    registry.write_text(json.dumps({"models": [card_of(digests)]}))

    words = ("models", "pull", RATER, "--registry", registry, "--from", given)
    said = run("--data-dir", tmp_path / "var", *words)

    assert said.exit_code == 1
    assert "install `.[models]`" in said.stderr
    assert not (tmp_path / "var" / "models" / RATER).exists()


def test_what_is_not_pinned_is_not_pulled(run: Run, tmp_path: Path, folder: Path) -> None:
    """The entries that ship have no digest: nobody here measured one."""
    said = run("--data-dir", tmp_path, "models", "pull", NAME, "--from", folder)

    assert said.exit_code == 2
    assert "not pinned" in said.stderr


def test_a_byte_that_changed_is_found(
    run: Run, tmp_path: Path, registry: Path, folder: Path
) -> None:
    """Models lie on a disk for years."""
    pull(run, tmp_path, registry, "--from", folder)
    path = tmp_path / "var" / "models" / NAME / "selected_tags.csv"
    path.write_bytes(path.read_bytes() + b"\n")

    said = run("--data-dir", tmp_path / "var", "models", "verify", "--json")

    assert said.exit_code == 1
    (fault,) = json.loads(said.stdout)["models"][NAME]
    assert "selected_tags.csv: expected sha256" in fault


def test_a_model_is_listed_shown_and_removed(
    run: Run, tmp_path: Path, registry: Path, folder: Path
) -> None:
    """What is here is told apart from what could be."""
    var = tmp_path / "var"
    pull(run, tmp_path, registry, "--from", folder)

    rows = json.loads(run("--data-dir", var, "models", "list", "--json").stdout)["models"]
    card = json.loads(run("--data-dir", var, "models", "card", NAME, "--json").stdout)

    assert [row["model"] for row in rows if row["here"]] == [NAME]
    assert not any(row["measured"] for row in rows)
    assert len(rows) == 4
    assert card["revision"] == REVISION
    assert pull(run, tmp_path, registry, "--from", folder).exit_code == 2
    assert run("--data-dir", var, "models", "remove", NAME).exit_code == 0
    assert run("--data-dir", var, "models", "remove", NAME).exit_code == 2
    assert kept(tmp_path) == {}


@pytest.mark.parametrize("name", ["..", "../models", "", "x/y"])
def test_a_name_that_leads_elsewhere_removes_nothing(run: Run, tmp_path: Path, name: str) -> None:
    """A slip must not empty the data directory."""
    (tmp_path / "models").mkdir()
    (tmp_path / "log.db").write_bytes(b"log")

    assert run("--data-dir", tmp_path, "models", "remove", name).exit_code == 2
    assert (tmp_path / "log.db").exists()
