"""Backup and restoration with the scripts of their pods: a real PostgreSQL, the real API server, the backup's own account."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from infra_kit.stacks.operations import jobs
from infra_kit.stacks.workspaces import backup

from .conftest import manifests, standard
from .postgres import BINARIES

DATABASES = ["hub", "mlflow", "model-metrics"]


def cron(name: str) -> dict[str, Any]:
    return next(each for each in manifests(standard(), "CronJob") if each["metadata"]["name"] == name)


def pod_of(name: str) -> dict[str, Any]:
    return cron(name)["spec"]["jobTemplate"]["spec"]["template"]["spec"]


@pytest.fixture
def folder(database, tmp_path):
    """Scripts, logins and an empty volume, as the pods have them."""
    config = next(each for each in manifests(standard(), "ConfigMap") if each["metadata"]["name"] == "backup")
    for name, text in config["data"].items():
        (tmp_path / name).write_text(text)
    (tmp_path / "backups").mkdir()
    for name in DATABASES:
        (tmp_path / "logins" / name).mkdir(parents=True)
        (tmp_path / "logins" / name / "service.conf").write_text((database.folder / "logins" / name / "service.conf").read_text())
    return tmp_path


@pytest.fixture
def keep(atelier, folder):
    """The second half of a backup, as the account `backup`."""
    view = json.loads(atelier.plane.kubectl("config", "view", "--raw", "--flatten", "-o", "json").stdout)["clusters"][0]["cluster"]
    (folder / "ca.crt").write_bytes(base64.b64decode(view["certificate-authority-data"]))
    (folder / "token").write_text(atelier.plane.kubectl("create", "token", "backup", "-n", "atelier").stdout)

    def run(kept: int = 3) -> subprocess.CompletedProcess[str]:
        where = {"ACCOUNT_FOLDER": str(folder), "API_SERVER": view["server"], "BACKUPS": str(folder / "backups"), "KEEP": str(kept)}
        arguments = pod_of("backup")["containers"][0]["args"]
        command = [sys.executable, str(folder / "keep.py"), *arguments]
        return subprocess.run(command, env={**os.environ, **where, "HOSTNAME": "pod"}, capture_output=True, text=True, check=False)

    return run


def script(folder, name: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": f"{BINARIES}:/usr/bin:/bin", "BACKUPS": str(folder / "backups"), "LOGINS": str(folder / "logins"), "HOSTNAME": "pod"}
    return subprocess.run(["sh", str(folder / name)], env={**env, **more}, capture_output=True, text=True, check=False)


def backups(folder) -> list[str]:
    return sorted(each.name for each in (folder / "backups").iterdir())


@pytest.fixture
def content(database):
    for name in DATABASES:
        database.sql(name, "DROP TABLE IF EXISTS child, parent; CREATE TABLE parent (id int PRIMARY KEY, word text)")
        database.sql(
            name, f"CREATE TABLE child (id int REFERENCES parent); INSERT INTO parent VALUES (1, '{name}'); INSERT INTO child VALUES (1)"
        )


def test_names_are_those_that_the_commands_know():
    assert (backup.NAME, backup.RESTORE) == (jobs.BACKUP, jobs.RESTORE)
    assert cron(jobs.BACKUP)["spec"]["suspend"] is False
    assert cron(jobs.RESTORE)["spec"]["suspend"] is True


def test_what_was_backed_up_comes_back_whatever_became_of_it(database, folder, content, keep):
    done = script(folder, "dump.sh")
    assert done.returncode == 0, done.stderr
    assert backups(folder) == [".partial-pod"]  # nobody takes it for a backup yet
    done = keep()
    assert done.returncode == 0, done.stderr
    (name,) = backups(folder)
    assert name.endswith("Z")

    database.sql("hub", "DELETE FROM child")
    database.sql("mlflow", "DROP TABLE parent CASCADE")
    # A table that came later and refers to one that comes back.
    database.sql("model-metrics", "UPDATE parent SET word = 'wrong'; CREATE TABLE later (id int REFERENCES parent)")
    done = script(folder, "restore.sh")
    assert done.returncode == 0, done.stderr
    for each in DATABASES:
        assert database.sql(each, "SELECT word FROM parent JOIN child USING (id)") == each
    assert database.sql("model-metrics", "SELECT to_regclass('later') IS NULL") == "t"
    assert backups(folder) == [name]


def test_connected_services_are_disconnected_and_come_back(database, folder, content, keep, monkeypatch):
    import sqlalchemy

    script(folder, "dump.sh")
    keep()
    monkeypatch.setenv("PGSERVICEFILE", database.login("hub")["PGSERVICEFILE"])
    engine = sqlalchemy.create_engine("postgresql+psycopg:///?service=database", pool_pre_ping=True)
    with engine.connect() as busy:
        busy.execute(sqlalchemy.text("SELECT * FROM parent"))  # its transaction holds a lock
        assert script(folder, "restore.sh").returncode == 0
        busy.invalidate()
    with engine.connect() as again:
        assert again.execute(sqlalchemy.text("SELECT word FROM parent")).scalar() == "hub"
    engine.dispose()


def test_a_backup_is_chosen_by_name(database, folder, content, keep):
    script(folder, "dump.sh")
    keep()
    (first,) = backups(folder)
    (folder / "backups" / first).rename(folder / "backups" / "20200101T000000Z")
    database.sql("hub", "UPDATE parent SET word = 'newer'")
    script(folder, "dump.sh")
    keep()
    assert script(folder, "restore.sh", **{jobs.CHOSEN: "20200101T000000Z"}).returncode == 0
    assert database.sql("hub", "SELECT word FROM parent") == "hub"
    assert script(folder, "restore.sh").returncode == 0
    assert database.sql("hub", "SELECT word FROM parent") == "newer"


@pytest.mark.parametrize("wrong", ["20990101T000000Z", "../backups", ".partial-pod", "."])
def test_what_is_no_backup_is_refused_and_named(database, folder, content, keep, wrong):
    script(folder, "dump.sh")
    keep()
    script(folder, "dump.sh")
    done = script(folder, "restore.sh", **{jobs.CHOSEN: wrong})
    assert done.returncode == 1
    assert f"there is no backup {wrong}; these are here: {backups(folder)[1]}" in done.stderr


def test_a_damaged_backup_changes_nothing(database, folder, content, keep):
    script(folder, "dump.sh")
    keep()
    (name,) = backups(folder)
    dump = folder / "backups" / name / "mlflow.dump"
    dump.write_bytes(dump.read_bytes()[:-20])
    database.sql("hub", "UPDATE parent SET word = 'as it is'")
    done = script(folder, "restore.sh")
    assert done.returncode != 0
    assert "mlflow.dump" in done.stdout + done.stderr
    assert database.sql("hub", "SELECT word FROM parent") == "as it is"


def test_no_more_than_wanted_are_kept(folder, content, keep):
    for day in range(1, 6):
        (folder / "backups" / f"2020010{day}T000000Z").mkdir()
    script(folder, "dump.sh")
    assert keep(kept=3).returncode == 0
    assert backups(folder)[:2] == ["20200104T000000Z", "20200105T000000Z"]
    assert len(backups(folder)) == 3


def test_a_database_that_cannot_be_copied_makes_no_backup(folder, content):
    login = folder / "logins" / "mlflow" / "service.conf"
    login.write_text(login.read_text().replace("password=", "password=not"))
    done = script(folder, "dump.sh")
    assert done.returncode != 0
    assert "password authentication failed" in done.stderr


def test_the_list_has_every_namespace_and_no_secret(atelier, folder, content, keep):
    script(folder, "dump.sh")
    keep()
    (name,) = backups(folder)
    with gzip.open(folder / "backups" / name / "objects.json.gz", "rt") as file:
        items = json.load(file)["items"]
    assert {each["metadata"]["namespace"] for each in items} == set(atelier.namespaces())
    found = {each["kind"] for each in items}
    assert {"Deployment", "StatefulSet", "CronJob", "ConfigMap", "NetworkPolicy", "RoleBinding", "HorizontalPodAutoscaler"} <= found
    assert "Secret" not in found
    atelier.plane.kubectl("create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=json.dumps(fresh(items)))


def fresh(items: list[dict[str, Any]]) -> dict[str, Any]:
    """Some of the listed objects under new names: a list that the API server would not take is worth nothing."""
    chosen = [each for each in items if each["kind"] in {"Deployment", "CronJob"} and each["metadata"]["namespace"] == "atelier"]
    renamed = [{**each, "metadata": {**each["metadata"], "name": f"{each['metadata']['name']}-again"}} for each in chosen]
    return {"apiVersion": "v1", "kind": "List", "items": renamed}


def test_the_account_lists_and_does_nothing_else(atelier):
    account = ("--as=system:serviceaccount:atelier:backup", "-n", "atelier-user-ada")

    def may(*what: str) -> bool:
        return atelier.plane.kubectl("auth", "can-i", *what, *account, check=False).stdout.strip() == "yes"

    assert may("list", "configmaps")
    for what in (("list", "secrets"), ("get", "secrets"), ("create", "pods"), ("delete", "configmaps"), ("list", "pods")):
        assert not may(*what)
