"""The image cannot be built where there is no engine, so its rules are held here, on its text."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, cast

import pytest
import yaml
from typing_extensions import override

from pipeline.settings import Settings

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PORT = Settings(data_dir=Path("var"), banks=()).listen.port
Service = Mapping[str, Any]


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Yield each instruction with its words, comments left out, continued lines joined."""
    bare = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    for line in bare.replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, words = line.strip().partition(" ")
            yield name, words.strip()


def stages() -> list[list[tuple[str, str]]]:
    """Return the instructions of each stage, those before the first left out."""
    found: list[list[tuple[str, str]]] = []
    for name, words in instructions(DOCKERFILE):
        if name == "FROM":
            found.append([])
        if found:
            found[-1].append((name, words))
    return found


def last(name: str) -> str:
    """Return the words of the last stage's last instruction of that name."""
    return [words for each, words in stages()[-1] if each == name][-1]


def compose() -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8")))


class TestDockerfile:
    def test_every_base_is_pinned_by_a_tag(self) -> None:
        """What `latest` is changes behind one's back."""
        bases = [words.split()[0] for stage in stages() for name, words in stage if name == "FROM"]
        assert len(bases) == 2
        assert all(re.fullmatch(r"python:\$\{PYTHON\}-(slim-)?bookworm", base) for base in bases)
        assert re.search(r"^ARG PYTHON=3\.\d+$", DOCKERFILE, re.MULTILINE)

    def test_the_image_runs_the_python_that_the_tests_run_on(self) -> None:
        """Else nobody has tested what is served."""
        config = (ROOT / "pyproject.toml").read_text("utf-8")
        tested = re.search(r'^requires-python = ">=(3\.\d+)"$', config, re.MULTILINE)
        assert tested is not None
        assert f"ARG PYTHON={tested[1]}\n" in DOCKERFILE

    def test_nobody_is_root_when_it_runs(self) -> None:
        """A way out of the process is then no way to the whole container."""
        user = last("USER")
        names = [name for name, _ in stages()[-1]]
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
        assert not {"RUN", "COPY"} & set(names[names.index("USER") :])

    def test_nothing_is_added_from_an_address(self) -> None:
        """ADD fetches and unpacks; COPY copies."""
        assert "ADD" not in [name for name, _ in instructions(DOCKERFILE)]
        assert "://" not in DOCKERFILE

    def test_everything_that_is_installed_has_a_hash(self) -> None:
        """An index that was taken over cannot put its own code into the image."""
        environment = [words for name, words in stages()[0] if name == "ENV"]
        installs = [words for name, words in stages()[0] if name == "RUN" and "pip" in words]
        assert any("PIP_REQUIRE_HASHES=1" in words for words in environment)
        for words in installs:
            assert "PIP_REQUIRE_HASHES=0" not in words or "--no-deps" in words

    def test_the_build_tools_are_those_that_the_tests_were_run_with(self) -> None:
        """Two files that pin the same package must not drift apart."""
        built = pins(ROOT / "requirements-build.txt")
        tested = pins(ROOT / "requirements-dev.txt")
        shared = built.keys() & tested.keys()
        assert {"hatchling", "numpy"} <= shared
        assert {name: built[name] for name in shared} == {name: tested[name] for name in shared}

    def test_no_core_is_dumped_and_signals_arrive(self, tmp_path: Path) -> None:
        """Memory holds keys, prompts and pictures; and a drain begins with SIGTERM."""
        program = tmp_path / "imprimatur"
        program.write_text('#!/bin/sh\necho "$PPID $(ulimit -c)" "$@"\n', encoding="ascii")
        program.chmod(0o700)
        entry = json.loads(last("ENTRYPOINT")) + json.loads(last("CMD"))
        said = subprocess.run(
            entry,
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=True,
        )
        # the shell replaced itself by the program, so the program's parent is this very test
        assert said.stdout.split() == [str(os.getpid()), "0", "serve"]

    @pytest.mark.enable_socket
    @pytest.mark.parametrize(("status", "exit_code"), [(200, 0), (503, 1)])
    def test_the_health_check_says_what_health_says(self, status: int, exit_code: int) -> None:
        """A check that cannot fail restarts nothing."""
        command = health_command()
        assert command[0] == "python"
        assert f"'127.0.0.1', {PORT}" in command[2]
        with answering(status) as port:
            ran = subprocess.run(
                [sys.executable, "-c", command[2].replace(str(PORT), str(port))],
                check=False,
                capture_output=True,
            )
        assert ran.returncode == exit_code

    def test_a_gate_that_does_not_answer_is_not_healthy(self) -> None:
        """A refused connection is no answer: port 0 is nobody's."""
        command = health_command()[2].replace(str(PORT), "0")
        ran = subprocess.run([sys.executable, "-c", command], check=False, capture_output=True)
        assert ran.returncode == 1

    def test_nobody_is_told_what_it_looks_at(self) -> None:
        """Official builds of onnxruntime report home from 1.29 on, before code can say no."""
        assert "ORT_DISABLE_TELEMETRY=1" in last("ENV")

    def test_the_models_are_inside_and_nothing_secret_is(self) -> None:
        """The context is a list of what may enter; everything else stays out."""
        rules = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        rules = [rule for rule in rules if rule and not rule.startswith("#")]
        let_in = {rule[1:] for rule in rules if rule.startswith("!")}
        assert rules[0] == "*"
        assert {"classifiers", "pipeline", "policies", "audit"} <= let_in
        assert not {"var", "secrets", "tests", ".git", ".env"} & let_in
        assert all((ROOT / name).exists() for name in let_in)
        assert list((ROOT / "classifiers" / "weights").glob("*.onnx"))


class TestCompose:
    @pytest.fixture
    def gateway(self) -> Service:
        return cast("Service", compose()["services"]["gateway"])

    def test_the_gateway_can_write_to_its_data_only(self, gateway: Service) -> None:
        """Whoever gets in finds nowhere to stay."""
        assert gateway["read_only"] is True
        assert gateway["volumes"] == ["data:/data", "keys:/data/keys"]
        assert [mount.partition(":")[0] for mount in gateway["tmpfs"]] == ["/tmp"]  # noqa: S108 - a mount in the container
        assert "noexec" in gateway["tmpfs"][0]

    def test_the_gateway_has_no_rights_to_gain(self, gateway: Service) -> None:
        """It needs none: its port is above 1024 and its files are its own."""
        assert gateway["cap_drop"] == ["ALL"]
        assert gateway["security_opt"] == ["no-new-privileges:true"]
        assert gateway["ulimits"]["core"] == 0
        assert not {"privileged", "cap_add", "network_mode", "pid", "user"} & gateway.keys()

    def test_the_gateway_is_reached_from_this_machine_only(self, gateway: Service) -> None:
        """TLS stands before it, and is not here."""
        assert gateway["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]

    def test_no_secret_stands_in_the_environment(self) -> None:
        """`docker inspect` shows the environment to whoever may ask."""
        for service in compose()["services"].values():
            for name, value in service["environment"].items():
                secret = re.search("TOKEN|PASSWORD|SECRET", name) is not None
                assert not secret or value.startswith("/run/secrets/")

    def test_everything_that_is_named_is_declared(self) -> None:
        """An engine refuses the file otherwise, and there is none here to say so."""
        whole = compose()
        for service in whole["services"].values():
            named = [volume.split(":")[0] for volume in service["volumes"]]
            assert set(named) <= whole["volumes"].keys()
            assert set(service["secrets"]) <= whole["secrets"].keys()
            configs = {config["source"] for config in service.get("configs", [])}
            assert configs <= whole.get("configs", {}).keys()

    def test_postgresql_starts_only_when_asked_for(self) -> None:
        """A gateway on files needs none, and no image is without its tag."""
        services = compose()["services"]
        assert services["postgres"]["profiles"] == ["postgres"]
        assert "profiles" not in services["gateway"]
        for service in services.values():
            assert re.fullmatch(r"[a-z]+:\d[\w.-]*", service["image"])


def health_command() -> list[str]:
    """Return the words of the health check."""
    return cast("list[str]", json.loads(last("HEALTHCHECK").partition("CMD ")[2]))


def pins(path: Path) -> dict[str, set[str]]:
    """Return every pinned package of a requirements file, with its versions and markers."""
    found: dict[str, set[str]] = {}
    text = path.read_text("utf-8")
    for name, version in re.findall(r"^([a-z0-9-]+)==([^\\\n]+)", text, re.MULTILINE):
        found.setdefault(name, set()).add(version.strip())
    return found


class answering:  # noqa: N801 - a context manager, read as a verb
    """A server of this machine that gives every path one status."""

    def __init__(self, status: int) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status if self.path == "/health" else 404)
                self.end_headers()

            @override
            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever)

    def __enter__(self) -> int:
        self._thread.start()
        return self._server.server_port

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
