"""Notes on a host what was applied there. This file is sent there and run by its Python, 3.6 or later: it imports nothing of ours.

It is given, as JSON on what is left of standard input, role -> its entry, and writes them into the file that `look.py` reads.
"""

import json
import os
import sys
from typing import Any, Dict

APPLIED = "/var/lib/infra-kit/applied.json"


def note(entries: Dict[str, Any], path: str) -> Dict[str, Any]:
    """Put the entries beside those that are there; the file is replaced as a whole."""
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    try:
        with open(path) as file:
            document = json.load(file)
    except (OSError, ValueError):
        document = {}
    roles = document.get("roles", {}) if isinstance(document, dict) else {}
    roles.update(entries)
    with open(path + ".new", "w") as file:
        json.dump({"format": "infra-kit-applied/1", "roles": roles}, file, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)
    return {"noted": len(entries)}


if __name__ == "__main__":
    try:
        print(json.dumps(note(json.loads(sys.stdin.buffer.read().decode("utf-8")), APPLIED)))
    except OSError as error:
        print(json.dumps({"error": "%s: %s" % (error.filename or APPLIED, error.strerror)}))
