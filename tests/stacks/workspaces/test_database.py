"""The workspace's PostgreSQL, started by the script of its pod."""

from __future__ import annotations

import stat
import subprocess

import pytest

from .conftest import manifests, standard


def test_the_first_start_makes_every_database_for_its_own_role(database):
    for name in ("hub", "mlflow", "model-metrics"):
        plain = name.replace("-", "_")
        assert database.sql(name, "SELECT current_user, current_database()") == f"{plain}|{plain}"
        database.sql(name, "CREATE TABLE IF NOT EXISTS kept (word text)")
    assert database.sql("hub", "SHOW jit") == "off"
    assert database.sql("hub", "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == "f"
    assert database.sql("hub", "SHOW data_checksums") == "on"


def test_nobody_sees_anothers_database_and_no_superuser_comes_over_the_network(database):
    refused = database.run("psql", "-X", "service=database dbname=mlflow", "-c", "SELECT 1", check=False, **database.login("hub"))
    assert "no pg_hba.conf entry" in refused.stderr
    root = f"host=127.0.0.1 port={database.port} user=postgres"
    for place in ("postgres", "hub"):
        words = database.run("psql", "-X", f"{root} dbname={place}", "-c", "SELECT 1", check=False).stderr
        assert "pg_hba.conf rejects connection" in words
    wrong = database.run(
        "psql", "-X", f"host=127.0.0.1 port={database.port} user=hub dbname=hub", "-c", "SELECT 1", check=False, PGPASSWORD="wrong"
    )
    assert "password authentication failed" in wrong.stderr


def test_a_start_again_keeps_data_takes_a_new_password_and_makes_what_is_missing(database):
    database.sql("hub", "CREATE TABLE IF NOT EXISTS kept (word text); INSERT INTO kept VALUES ('still here')")
    database.stop()
    # What the kubelet does to a volume for the pod's group, and the server would refuse.
    (database.folder / "volume" / "pgdata").chmod(0o2770)
    database.passwords |= {"hub": "a new \\none", "later": "of a service that came later"}
    database.start()
    assert "still here" in database.sql("hub", "SELECT word FROM kept")
    assert database.sql("later", "SELECT current_user") == "later"
    assert stat.S_IMODE((database.folder / "volume" / "pgdata").stat().st_mode) & 0o777 == 0o700


def test_an_account_that_cannot_be_read_ends_the_start(database):
    """Rather than a server in which one service has no role."""
    database.stop()
    username = database.folder / "accounts" / "mlflow" / "username"
    username.rename(username.with_name("elsewhere"))
    try:
        script = ["sh", str(database.folder / "settings" / "start.sh")]
        started = subprocess.run(
            script, env=database.environment, capture_output=True, text=True, check=False, timeout=60, **database.as_user()
        )
    finally:
        username.with_name("elsewhere").rename(username)
        database.start()
    assert started.returncode != 0
    assert "username" in started.stderr


def test_no_password_is_in_the_log_or_on_a_command_line(database):
    log = (database.folder / "log").read_text()
    assert not any(password in log for password in database.passwords.values())
    shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert not any(password in shown for password in database.passwords.values())


def test_sqlalchemy_logs_in_with_the_file_alone(database, monkeypatch):
    """As MLflow and the metrics store do; their image has the other driver, the file is the same."""
    import sqlalchemy

    monkeypatch.setenv("PGSERVICEFILE", database.login("mlflow")["PGSERVICEFILE"])
    engine = sqlalchemy.create_engine("postgresql+psycopg:///?service=database")
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT current_user")).scalar() == "mlflow"
    engine.dispose()


@pytest.mark.parametrize("kind", ["StatefulSet", "Deployment", "CronJob"])
def test_no_pod_has_a_password_in_a_variable(kind):
    for each in manifests(standard(), kind):
        spec = each["spec"]["jobTemplate"]["spec"] if kind == "CronJob" else each["spec"]
        pod = spec["template"]["spec"]
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            secrets = [entry["name"] for entry in container.get("env", []) if "secretKeyRef" in entry.get("valueFrom", {})]
            # These two programs take theirs in no other way.
            assert set(secrets) <= {"CONFIGPROXY_AUTH_TOKEN", "SAML_PROOF"}, each["metadata"]["name"]
