"""Types, unknown and missing keys: what the loader finds when it types the values."""

from __future__ import annotations

from infra_kit.inventory.rules.registry import Rule, enter

for _id, _summary in {
    "IK0101": "A value does not have the form that its key asks for.",
    "IK0102": "A key is not known here.",
    "IK0103": "A required key is missing.",
}.items():
    enter(Rule(_id, "error", "form", _summary))
