"""Asks a served model through the workspace's proxy: without its key, which must be refused, and with it. Runs beside the gate."""

import json
import sys
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path

KEY = Path("/etc/auth-proxy-keys/models/score/api-key")
PAYMENTS = {"dataframe_split": {"columns": ["amount", "night"], "data": [[0.1, 0.0], [5.0, 1.0]]}}


def ask(headers: dict[str, str]) -> tuple[int, str]:
    """The status and the body of one call."""
    url = "http://auth-proxy:8080/models/score/invocations"
    call = urllib.request.Request(url, json.dumps(PAYMENTS).encode(), {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(call, timeout=30) as answer:  # noqa: S310  the URL is above
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


if ask({})[0] != HTTPStatus.UNAUTHORIZED:
    sys.exit("the model answers without a key")
print("without its key: refused")
status, text = ask({"Authorization": f"Bearer {KEY.read_text(encoding='utf-8').strip()}"})
print(f"with its key: {status} {text}")
small, large = json.loads(text)["predictions"]
if not small < large:
    sys.exit("a large payment at night is not more likely a fraud than a small one by day")
