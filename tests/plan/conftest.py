from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.load import load_site
from infra_kit.plan.record.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra_kit.inventory.access import Access
    from infra_kit.inventory.models.site import Site

_SPEC = importlib.util.spec_from_file_location("plan_fakes", Path(__file__).with_name("fakes.py"))
assert _SPEC
assert _SPEC.loader
fakes = importlib.util.module_from_spec(_SPEC)
sys.modules["plan_fakes"] = fakes
_SPEC.loader.exec_module(fakes)


@pytest.fixture(scope="session")
def reference() -> Site:
    return load_site(Path(__file__).parents[2] / "inventory" / "configuration-1")


@pytest.fixture
def site(reference: Site, tmp_path: Path) -> Site:
    """The first reference site in a folder of the test's own."""
    return fakes.moved(reference, tmp_path / "site")


@pytest.fixture
def access(site: Site) -> Access:
    return fakes.access(site)


@pytest.fixture
def world(tmp_path: Path):
    return fakes.World(tmp_path / "world")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A PostgreSQL of the test run's own on loopback: its URL without a database."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not folders:
        pytest.skip("PostgreSQL's server (Debian package postgresql) is not installed")
    binaries = folders[-1].parent
    home = Path(tempfile.mkdtemp(prefix="infra-kit-pg-"))
    as_user: dict[str, object] = {"cwd": home}
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root.
        account = pwd.getpwnam("nobody")
        os.chown(home, account.pw_uid, account.pw_gid)
        as_user |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    password = home / "password"
    password.write_text("only-for-this-test")
    password.chmod(0o644)
    data = home / "data"

    def run(command: str, *arguments: object) -> None:
        subprocess.run([binaries / command, "-D", data, *arguments], check=True, stdout=subprocess.DEVNULL, **as_user)

    run("initdb", "-U", "infra", "-A", "scram-sha-256", f"--pwfile={password}", "--no-sync", "-E", "UTF8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} -c fsync=off"
    run("pg_ctl", "-w", "-l", home / "log", "-o", options, "start")
    try:
        yield f"postgresql://infra:only-for-this-test@127.0.0.1:{port}"
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgresql: str) -> str:
    """An empty database."""
    import psycopg

    url = f"{postgresql}/postgres"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database(database_url) as opened:
        yield opened


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """Wait for something that another thread or process brings about."""

    def wait(condition: Callable[[], object], seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come about"
            time.sleep(0.005)

    return wait
