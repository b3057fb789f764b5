"""Drives resources of the bmc layer as the engine does, on a bench."""

from infra_kit.layers.bmc.layer import LAYER
from infra_kit.plan.resource import ReadContext, RunContext


class Run:
    """Drives resources as the engine does, one at a time."""

    def __init__(self, stand, *, allow_reboot=True):
        self.stand = stand
        self.allow_reboot = allow_reboot
        self.resources = {resource.id: resource for resource in LAYER.resources(stand.site)}

    def plan(self, identity):
        connections = self.stand.connections()
        try:
            observed = self.resources[identity].read(ReadContext(self.stand.site, connections))
            return observed, self.resources[identity].diff(observed)
        finally:
            connections.close()

    def diff(self, identity):
        return self.plan(identity)[1]

    def apply(self, identity, **values):
        connections = self.stand.connections(read_only=False)
        context = RunContext(self.stand.site, connections, folder=self.stand.folder, allow_reboot=self.allow_reboot, **values)
        resource = self.resources[identity]
        try:
            observed = resource.read(context)
            outcome = resource.apply(observed, resource.diff(observed), context)
            resource.verify(context)
            return outcome
        finally:
            connections.close()


def changes(diff):
    return {change.path: (change.before, change.after) for change in diff.changes}


def writes(stand, name):
    return [(verb, path) for verb, path in stand.requests(name) if verb != "GET"]
