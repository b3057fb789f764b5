"""The store of model metrics: its program and its SQL as they are shipped, on a real PostgreSQL, with a real model's predictions."""

from __future__ import annotations

import http.client
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from .conftest import manifests, standard

NAME = "model-metrics"
DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "cml_churn" / "model_metrics.db"
ACCURACIES = [0.79, 0.67, 0.65, 0.58, 0.35, 0.43, 0.53, 0.35, 0.36]
"""What the store that the data comes from tracked itself, for each hundred predictions."""
DAY_MS = 24 * 3600 * 1000


def files() -> dict[str, str]:
    return next(each for each in manifests(standard(), "ConfigMap") if each["metadata"]["name"] == NAME)["data"]


class Store:
    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def post(self, path: str, **body: Any) -> tuple[int, Any]:
        self._connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())

    def ready(self) -> bool:
        self._connection.request("GET", "/ready")
        answer = self._connection.getresponse()
        answer.read()
        return answer.status == 200

    def track(self, crn: str, at_ms: int, uuid: str, metrics: dict[str, Any], took_ms: int = 100) -> int:
        return self.post(
            "/track-metrics",
            modelDeploymentCrn=crn,
            startTimestampMs=at_ms,
            endTimestampMs=at_ms + took_ms,
            predictionUuid=uuid,
            metrics=metrics,
        )[0]


def with_schema(database) -> None:
    (database.folder / "schema.sql").write_text(files()["schema.sql"])
    (database.folder / "roll_up.sql").write_text(files()["roll_up.sql"])
    run_sql(database, "schema.sql")


def run_sql(database, name: str, *arguments: str) -> None:
    """As the pods run it."""
    command = ("psql", "-X", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--dbname=service=database")
    done = database.run(*command, *arguments, f"--file={database.folder / name}", check=False, **database.login(NAME))
    assert done.returncode == 0, done.stderr
    assert not done.stderr


@pytest.fixture(scope="module")
def store(database, tmp_path_factory):
    with_schema(database)
    program = tmp_path_factory.mktemp("store") / "model_metrics.py"
    program.write_text(files()["model_metrics.py"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        **database.login(NAME),
        "DATABASE_URL": "postgresql+psycopg:///?service=database",  # the driver that is here; the image has the other
        "DEPLOYMENTS": json.dumps(["crn:score", "crn:public"]),
        "PORT": str(port),
        "LISTEN": "127.0.0.1",
    }
    process = subprocess.Popen([sys.executable, str(program)], env={**os.environ, **settings})
    end = time.monotonic() + 30
    while True:
        try:
            found = Store(port)
            assert found.ready()
            break
        except OSError:
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.05)
    yield found
    process.terminate()
    process.wait(10)


def test_the_schema_may_be_there_already(database):
    with_schema(database)
    with_schema(database)


def test_a_prediction_is_tracked_completed_and_read(store):
    assert store.track("crn:score", 1_000, "one", {"probability": 0.7, "input_data": {"tenure": 8}}) == 200
    assert store.post("/track-delayed-metrics", predictionUuid="one", metrics={"final_label": 1}) == (200, {})
    assert store.track("crn:score", 1_000, "one", {"again": True}) == 200  # a call that was repeated
    status, found = store.post("/read-metrics", modelDeploymentCrn="crn:score", startTimestampMs=0, endTimestampMs=2_000)
    assert status == 200
    assert found["metrics"] == [
        {
            "modelDeploymentCrn": "crn:score",
            "modelBuildCrn": "",
            "modelCrn": "crn:score",
            "startTimeStampMs": 1_000,
            "endTimeStampMs": 1_100,
            "predictionUuid": "one",
            "metrics": {"probability": 0.7, "input_data": {"tenure": 8}, "final_label": 1, "again": True},
        }
    ]


def test_an_aggregate_belongs_to_no_prediction(store):
    window = {"modelDeploymentCrn": "crn:public", "startTimestampMs": 0, "endTimestampMs": 5_000}
    assert store.post("/api/v1/track-aggregate-metrics", **window, metrics={"accuracy": 0.9})[0] == 200
    assert store.post("/api/v1/track-aggregate-metrics", **window, metrics={"accuracy": 0.8})[0] == 200
    found = store.post("/read-metrics", **window)[1]["metrics"]
    assert [(each["predictionUuid"], each["metrics"]) for each in found] == [("", {"accuracy": 0.9}), ("", {"accuracy": 0.8})]


@pytest.mark.parametrize(
    ("path", "body", "status", "word"),
    [
        ("/track-delayed-metrics", {"predictionUuid": "nobody", "metrics": {}}, 404, "nobody"),
        ("/track-delayed-metrics", {"predictionUuid": "", "metrics": {}}, 404, "no prediction"),
        ("/track-metrics", {"metrics": {}}, 400, "modelDeploymentCrn"),
        ("/track-metrics", {"modelDeploymentCrn": "x", "startTimestampMs": 2, "endTimestampMs": 1, "metrics": {}}, 400, "before"),
        ("/track-metrics", {"modelDeploymentCrn": "x", "startTimestampMs": 2, "endTimestampMs": 3, "metrics": []}, 400, "object"),
        ("/get-model-deployment-crn", {"modelDeploymentID": 3}, 400, "deployment 3"),
        ("/drop", {}, 404, "/read-metrics"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(store, path, body, status, word):
    found = store.post(path, **body)
    assert found[0] == status
    assert word in found[1]["error"]


def test_deployments_are_known_by_number(store):
    assert store.post("/get-model-deployment-crn", modelDeploymentID=2) == (200, {"modelDeploymentCrn": "crn:public"})


@pytest.fixture(scope="module")
def churn(store) -> tuple[str, int]:
    """The predictions of a real model, tracked through the store: its deployment and the end of the last prediction."""
    if not DATA.exists():
        pytest.skip(f"no data in {DATA.parent}")
    with sqlite3.connect(f"file:{DATA}?mode=ro&immutable=1", uri=True) as source:
        source.row_factory = sqlite3.Row
        rows = [dict(row) for row in source.execute('SELECT * FROM model_metrics ORDER BY "index"')]
    prefix = "metrics."
    for row in rows:
        metrics: dict[str, Any] = {}
        for name, value in row.items():
            if name.startswith(prefix) and value is not None:
                *outer, inner = name.removeprefix(prefix).split(".")
                (metrics.setdefault(outer[0], {}) if outer else metrics)[inner] = value
        start, end = row["startTimeStampMs"], row["endTimeStampMs"]
        assert store.track(row["modelDeploymentCrn"], start, row["predictionUuid"] or "", metrics, end - start) == 200
    return rows[0]["modelDeploymentCrn"], max(row["endTimeStampMs"] for row in rows)


def test_accuracy_of_a_real_model_is_what_its_own_store_had(store, churn, database):
    crn, end = churn
    found = store.post("/read-metrics", modelDeploymentCrn=crn, endTimestampMs=end)[1]["metrics"]
    assert len(found) == 1008
    tracked = [each["metrics"]["accuracy"] for each in found if not each["predictionUuid"]]
    assert sorted(tracked) == sorted(ACCURACIES)
    rows = database.sql(NAME, f"SELECT predictions, round(accuracy, 4) FROM accuracy_by_block('{crn}')").splitlines()
    assert [float(row.partition("|")[2]) for row in rows[:9]] == ACCURACIES
    assert rows[9] == "99|0.1616"


def test_old_predictions_are_rolled_up_by_the_hour_once_and_completely(store, churn, database):
    crn, _ = churn
    mine = f"model_deployment_crn = '{crn}'"
    latency = float(database.sql(NAME, f"SELECT avg(end_ms - start_ms) FROM metric WHERE {mine} AND prediction_uuid <> ''"))
    assert round(latency, 1) == 245.2
    now = int(time.time() * 1000)
    store.track("crn:young", now - 5 * DAY_MS, "young", {"probability": 0.4})
    for _ in range(2):
        run_sql(database, "roll_up.sql", "--set=keep_days=90")
    left = database.sql(NAME, f"SELECT count(*) FILTER (WHERE prediction_uuid = ''), count(*) FROM metric WHERE {mine}")
    assert left == "9|9"  # the aggregates that somebody tracked stay
    assert database.sql(NAME, "SELECT count(*) FROM metric WHERE prediction_uuid = 'young'") == "1"
    select = "SELECT sum(count), round((sum(mean * count) / sum(count))::numeric, 4) FROM metric_hour"
    assert database.sql(NAME, f"{select} WHERE {mine} AND name = 'latency_ms'") == f"999|{latency:.4f}"
    good = sum(round(100 * each) for each in ACCURACIES) + round(99 * 0.1616)
    assert database.sql(NAME, f"{select} WHERE {mine} AND name = 'accuracy'") == f"999|{good / 999:.4f}"
    assert int(database.sql(NAME, f"SELECT count(DISTINCT name) FROM metric_hour WHERE {mine}")) > 10
    hours = [each for each in store.post("/read-metrics", modelDeploymentCrn=crn)[1]["metrics"] if "predictions" in each["metrics"]]
    assert sum(each["metrics"]["predictions"] for each in hours) == 999


def test_a_latecomer_is_added_to_its_hour(store, database):
    hour = 1_500_000_000_000 // 3_600_000 * 3_600_000
    for number, value in enumerate((1.0, 3.0, 8.0)):
        store.track("crn:late", hour + number, f"late-{number}", {"value": value})
        run_sql(database, "roll_up.sql", "--set=keep_days=90")
    row = database.sql(
        NAME, "SELECT count, mean, minimum, maximum FROM metric_hour WHERE model_deployment_crn = 'crn:late' AND name = 'value'"
    )
    assert row == "3|4|1|8"


def test_the_store_comes_back_with_its_database(store, database):
    database.stop()
    assert store.post("/read-metrics")[0] == 503
    assert not store.ready()
    database.start()
    assert store.ready()
    assert store.post("/read-metrics", modelDeploymentCrn="crn:score")[0] == 200
