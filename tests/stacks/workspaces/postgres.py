"""The workspace's PostgreSQL as its pod starts it: the rendered files, beneath a folder of the test's own, as an ordinary user."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BINARIES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
DATABASES = ("hub", "mlflow", "model-metrics")


@dataclass
class Server:
    """One server in a folder."""

    folder: Path
    files: dict[str, str]
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    passwords: dict[str, str] = field(default_factory=lambda: {name: f"password-of-{name}'s" for name in DATABASES})

    @property
    def environment(self) -> dict[str, str]:
        """That of the pod's container."""
        folder = self.folder
        found = {"PGDATA": f"{folder}/volume/pgdata", "ACCOUNTS": f"{folder}/accounts", "SETTINGS": f"{folder}/settings"}
        return {"PATH": f"{BINARIES}:/usr/bin:/bin", **found}

    def as_user(self) -> dict[str, Any]:
        """PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return {"cwd": self.folder}
        account = pwd.getpwnam("nobody")
        return {"cwd": self.folder, "user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def write(self) -> None:
        """Settings and accounts as the pod's volumes have them."""
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        for name in ("volume", "settings", "sockets", "logins"):
            (self.folder / name).mkdir(exist_ok=True, parents=True)
        for name, text in self.files.items():
            # Waiting for the disk is most of what a first start takes.
            quick = text.replace("initdb -D", "initdb --no-sync -D").replace("fsync = on", "fsync = off")
            here = quick.replace("port = 5432", f"port = {self.port}").replace("listen_addresses = '*'", "listen_addresses = '127.0.0.1'")
            (self.folder / "settings" / name).write_text(here.replace("/run/postgresql", f"{self.folder}/sockets"))
        for name, password in self.passwords.items():
            account = self.folder / "accounts" / name
            account.mkdir(parents=True, exist_ok=True)
            (account / "username").write_text(name.replace("-", "_"))
            (account / "password").write_text(password)
            (self.folder / "logins" / name).mkdir(exist_ok=True)
            database = name.replace("-", "_")
            login = f"[database]\nhost=127.0.0.1\nport={self.port}\ndbname={database}\nuser={database}\npassword={password}\n"
            (self.folder / "logins" / name / "service.conf").write_text(login)
        if os.geteuid() == 0:
            account = pwd.getpwnam("nobody")
            for each in (self.folder, self.folder / "volume", self.folder / "sockets"):
                os.chown(each, account.pw_uid, account.pw_gid)

    def start(self) -> None:
        """Start as the container does, and wait as its readiness does."""
        self.write()
        log = (self.folder / "log").open("ab")
        script = ["sh", str(self.folder / "settings" / "start.sh")]
        self.process = subprocess.Popen(script, env=self.environment, stdout=log, stderr=log, **self.as_user())
        log.close()
        end = time.monotonic() + 60
        while self.run("pg_isready", "--quiet", "--host=127.0.0.1", f"--port={self.port}", check=False).returncode:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """End as the kubelet ends a pod."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(20)

    def run(self, *command: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """One of PostgreSQL's programs."""
        env = {**self.environment, **environment}
        return subprocess.run([str(each) for each in command], env=env, capture_output=True, text=True, check=check)

    def login(self, database: str) -> dict[str, str]:
        """The variable by which clients log in."""
        return {"PGSERVICEFILE": f"{self.folder}/logins/{database}/service.conf"}

    def sql(self, database: str, statement: str, *arguments: str) -> str:
        """What psql prints, as the database's own role."""
        done = self.run(
            "psql",
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            *arguments,
            "service=database",
            "-c",
            statement,
            check=False,
            **self.login(database),
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def remove(self) -> None:
        """Leave nothing."""
        if self.process is not None and self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
