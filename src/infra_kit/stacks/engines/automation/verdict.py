"""What is to be done to an object, from what the API server's dry run says and what Pulumi's preview says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.stacks.engines.automation.findings import Name, Preview

_KNOWN = frozenset({"same", "create", "update", "replace", "create-replacement", "delete-replaced", "delete", "refresh", "read"})


def merged(state: Mapping[str, Any], preview: Preview, name: Name, *, in_state: bool) -> dict[str, Any]:
    """The state dictionary with Pulumi's side in it.

    Args:
        state: by the dry run.
        preview: Pulumi's.
        name: the object's type and logical name.
        in_state: whether Pulumi's state has the object.
    """
    found = dict(state)
    step = preview.steps.get(name)
    if found["action"] == "none":
        if not in_state:
            found |= {"action": "update", "reason": "is on the cluster, and not in Pulumi's state: it is taken up there"}
        elif step is not None and step.op not in _KNOWN:
            found |= {"action": "update", "reason": f"Pulumi would do `{step.op}` to it"}
        return found
    if found["action"] == "update" and step is not None and step.replaces:
        fields = ", ".join(step.fields)
        found |= {"action": "replace", "reason": "; ".join(filter(None, [found["reason"], f"Pulumi replaces it to change {fields}"]))}
    if found["action"] == "update" and not found["changes"] and step is not None and step.op == "same":
        # Only who holds which field would change, by values that the provider does not send because they are zero.
        return found | {"action": "none", "reason": "", "note": ""}
    held = any(each.get("held") for each in found["changes"])
    if name in preview.errors and not held:
        found["note"] = "; ".join(filter(None, [found["note"], f"Pulumi's preview says: {preview.errors[name]}"]))
    return found
