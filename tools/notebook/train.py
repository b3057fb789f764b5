"""A model is trained, logged, registered and read back; an application and the weekly job are written into the project."""

import logging
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, Schema

logging.disable(logging.WARNING)


class Score(mlflow.pyfunc.PythonModel):
    """Logistic regression: how likely a payment is fraud."""

    def __init__(self, weights: np.ndarray) -> None:
        self.weights = weights

    def predict(self, context: object, model_input: pd.DataFrame, params: object = None) -> np.ndarray:
        """One likelihood a payment."""
        del context, params
        features = np.column_stack([np.ones(len(model_input)), model_input["amount"], model_input["night"]])
        return 1 / (1 + np.exp(-features @ self.weights))


chance = np.random.default_rng(7)
payments = pd.DataFrame({"amount": chance.exponential(1.0, 5000), "night": chance.integers(0, 2, 5000).astype(float)})
likely = 1 / (1 + np.exp(4 - 1.5 * payments["amount"] - payments["night"]))
fraud = (chance.random(5000) < likely).astype(float)

weights = np.zeros(3)
features = np.column_stack([np.ones(5000), payments["amount"], payments["night"]])
for _ in range(2000):
    weights += 0.5 * features.T @ (fraud - 1 / (1 + np.exp(-features @ weights))) / 5000
right = float(np.mean(np.round(Score(weights).predict(None, payments)) == fraud))

mlflow.set_experiment("payments")
with mlflow.start_run() as run:
    mlflow.log_params({"rows": len(payments), "steps": 2000})
    mlflow.log_metric("accuracy", right)
    signature = ModelSignature(Schema([ColSpec("double", "amount"), ColSpec("double", "night")]), Schema([ColSpec("double")]))
    logged = mlflow.pyfunc.log_model(
        name="model", python_model=Score(weights), signature=signature, pip_requirements=["numpy"], registered_model_name="fraud-score"
    )
client = mlflow.MlflowClient()
client.set_registered_model_alias("fraud-score", "champion", logged.registered_model_version)

read_back = client.get_run(run.info.run_id).data
champion = client.get_model_version_by_alias("fraud-score", "champion")
print(f"logged and read back: {read_back.params}, accuracy {read_back.metrics['accuracy']:.3f}")
print(f"champion of fraud-score: version {champion.version}")

Path("/project/retrain.py").write_text("print('what this notebook did, once a week')\n")
Path("/project/review.py").write_text(
    """
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Review(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"payments to review: none yet\\n")


ThreadingHTTPServer(("", int(os.environ["PORT"])), Review).serve_forever()
"""
)
