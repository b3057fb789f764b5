"""Reading and YAML: what the loader itself finds before there is anything to check."""

from __future__ import annotations

from infra_kit.inventory.rules.registry import Rule, enter

for _id, _summary in {
    "IK0001": "A file of the site cannot be read, or is a folder.",
    "IK0002": "A file is not UTF-8.",
    "IK0003": "A file is not YAML: syntax, tabs, unknown anchors, forbidden characters, depth.",
    "IK0004": "A file is empty.",
    "IK0005": "A file is not a mapping of sections.",
    "IK0006": "A key is not plain text.",
    "IK0007": "A key is written twice in one mapping.",
    "IK0008": "An anchor contains an alias to itself.",
    "IK0009": "A value carries a YAML tag that is not supported.",
    "IK0010": "A section is in two files.",
    "IK0011": "Aliases expand to more values than any site has.",
    "IK0012": "A number is longer than a number can be.",
}.items():
    enter(Rule(_id, "error", "files", _summary))
enter(Rule("IK0013", "warning", "files", "A file ends in .yml and is therefore not read."))
