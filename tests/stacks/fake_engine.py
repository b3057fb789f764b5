"""An engine over a dictionary: enough of a cluster for the layer's own logic, and nothing of a real one's language."""

from __future__ import annotations

from infra_kit.inventory.errors import NotReadyError, VerificationError
from infra_kit.plan.resource import Created, Outcome


def state(action="none", reason="", changes=(), note="", present=True):
    return {"present": present, "version": "v", "action": action, "reason": reason, "changes": list(changes), "note": note}


class Cluster:
    """What there is, and what was done, in order."""

    def __init__(self):
        self.objects = {}
        self.done = []
        self.made = []
        self.stacks = []
        self.unready = {}

    def recall(self, context):
        return self.stacks

    def opening(self, stack, program, context):
        self.made.append((stack.name, program is not None))
        return FakeEngine(self, stack)


class FakeEngine:
    name = "server-side"

    def __init__(self, cluster, stack):
        self.cluster, self.stack = cluster, stack

    def read(self, item, context):
        there = self.cluster.objects.get(item.key)
        if there is None:
            return state("create", "is not there", [{"path": "kind", "before": None, "after": item.key.kind}], present=False)
        if there == item.manifest:
            return {**state(), "waiting": self.cluster.unready.get(item.key, "")}
        if there == "fixed":
            return state("replace", "spec is immutable", [{"path": "spec", "before": 1, "after": 2}])
        return state("update", "differs", [{"path": "all", "before": 1, "after": 2, "manager": "kubectl", "held": "ours"}])

    def apply(self, item, found, diff, context):
        self.cluster.objects[item.key] = item.manifest
        self.cluster.done.append(("apply", item.key.path))
        return Outcome(record={"uid": "1"})

    def await_ready(self, item, context):
        if item.key in self.cluster.unready:
            raise NotReadyError("kubernetes", f"{item.key.path} is not ready")

    def verify(self, item, context):
        if self.cluster.objects.get(item.key) != item.manifest:
            raise VerificationError("kubernetes", "it is not there")

    def read_leftover(self, key, record, context):
        return state("delete") if key in self.cluster.objects else state(reason="is gone", present=False)

    def remove(self, key, record, context):
        self.cluster.done.append(("remove", key.path))
        if not record.get("sticky"):
            del self.cluster.objects[key]
        return Outcome()

    def created(self, context):
        return [Created(self.stack.resource_id(key), {"stack": self.stack.name}) for key in self.cluster.objects]
