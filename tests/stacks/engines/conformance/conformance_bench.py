"""What a case works with: its programs, plans, runs, and other hands on the cluster."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from infra_kit.inventory.access import open_access
from infra_kit.inventory.load import load_site
from infra_kit.plan.connections import Connections
from infra_kit.plan.planning import make_plan
from infra_kit.plan.record.journal import Journal
from infra_kit.plan.record.place import open_database
from infra_kit.plan.request import Request
from infra_kit.plan.resource import ReadContext
from infra_kit.plan.run import perform
from infra_kit.plan.selection import Selection
from infra_kit.plan.state import StateFolder
from infra_kit.stacks.layer import StackLayer
from infra_kit.stacks.stack import Stack

PROGRAMS = Path(__file__).with_name("programs.py")
LAYER = "workspaces"
GUEST = "guest"
"""How the names of the programs of a case's second stack begin."""


def case(*programs):
    """Say which programs a case uses, so that all are evaluated at once."""

    def mark(function):
        function.programs = programs
        return function

    return mark


def stacks(programs, name, namespace):
    """A stack for each program; those of one namespace are the same stack with another program."""
    return [
        Stack(LAYER, name, f"{namespace}-{GUEST}" if program.startswith(GUEST) else namespace, f"{PROGRAMS}:{program}")
        for program in programs
    ]


@dataclass
class Script:
    """Whoever asked: agrees, and keeps what was told."""

    agree: bool = True
    on_event: object = None
    notices: list = field(default_factory=list)
    events: list = field(default_factory=list)

    def notice(self, text):
        self.notices.append(text)

    def planned(self, plan):
        self.plan = plan

    def agrees(self, plan):
        return self.agree

    def event(self, event):
        self.events.append(event)
        if self.on_event:
            self.on_event(event)


class Bench:
    """One case.

    Args:
        folder: the site's.
        control_plane: the real one.
        hand: a client with every right, to look and to play another hand with.
        known: the case's stacks, one for each of its programs.
    """

    def __init__(self, folder, control_plane, hand, known):
        self.folder, self.control_plane, self.hand = folder, control_plane, hand
        self._known = {stack.source.rpartition(":")[2]: stack for stack in known}
        self._used = {}
        self.namespace = next(stack.parameter for stack in known).removesuffix(f"-{GUEST}")
        self.layer = StackLayer(LAYER, (), frozenset(stack.program for stack in known), lambda _site: list(self._used.values()))
        self.endpoints = control_plane.lab.endpoints
        self._clearing = []

    # The inventory

    def use(self, *programs):
        """The inventory asks for these stacks, with these programs, from now on."""
        self._used = {self._known[name].name: self._known[name] for name in programs}

    # infra-kit

    def plan(self, *targets):
        """id -> entry of a plan; also proof that a plan can be made with clients that cannot write."""
        site = load_site(self.folder)
        access = open_access(site, self.endpoints)
        state = StateFolder(self.folder)
        state.prepare()
        with open_database(site, state, access) as database, Connections(access, read_only=True) as connections:
            created = Journal(database, site.site.name, access.mask).created()
            plan = make_plan([self.layer], ReadContext(site, connections), selection=Selection(targets=targets), created=created)
        self.notices = plan.notices
        return {entry.id.removeprefix(f"{LAYER}/"): entry for entry in plan.entries}

    def actions(self, *targets):
        """id -> action, of what a plan would change or does not know."""
        return {name: entry.diff.action for name, entry in self.plan(*targets).items() if entry.diff.action != "none"}

    def run(self, command="apply", *targets, script=None, **request):
        """A run, agreed to: its report."""
        site = load_site(self.folder)
        self.script = script or Script()
        selection = Selection(targets=tuple(f"{LAYER}/{each}" for each in targets))
        self.report = perform(
            site, [self.layer], open_access(site, self.endpoints), Request(command=command, selection=selection, **request), self.script
        )
        return self.report

    def apply(self, *targets, **request):
        """id -> (kind, message) of an apply."""
        return self._outcomes(self.run("apply", *targets, **request))

    def destroy(self, *targets, **request):
        """id -> (kind, message) of a destroy."""
        return self._outcomes(self.run("destroy", *targets, **request))

    def converge(self, *programs, **request):
        """Apply these programs; all of it has to succeed, and leave nothing to do."""
        self.use(*programs)
        outcomes = self.apply(**request)
        assert all(kind in {"done", "none"} for kind, _ in outcomes.values()), outcomes
        assert self.actions() == {}
        return outcomes

    @staticmethod
    def _outcomes(report):
        return {name.removeprefix(f"{LAYER}/"): (outcome.kind, outcome.message) for name, outcome in report.outcomes.items()}

    # Other hands

    def get(self, kind, name, namespace=None, api_version=None):
        """An object as it is, or None."""
        found = api_version or {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1"}.get(kind, "v1")
        return self.hand.get(found, kind, self.namespace if namespace is None else namespace, name)

    def settings(self, name="settings"):
        """The data of a ConfigMap."""
        return self.get("ConfigMap", name)["data"]

    def edit(self, kind, name, body, *, manager="kubectl-edit", patch="merge"):
        """Somebody else edits an object."""
        api_version = "apps/v1" if kind == "Deployment" else "v1"
        return self.hand.patch(api_version, kind, self.namespace, name, body, manager=manager, patch=patch)

    def kubectl(self, *arguments, stdin=None, check=True):
        """kubectl as somebody else, in the case's namespace."""
        return self.control_plane.kubectl("-n", self.namespace, *arguments, stdin=stdin, check=check)

    def make(self, manifest, *, manager="kubectl"):
        """Somebody else makes an object."""
        metadata = {"namespace": self.namespace, **manifest["metadata"]}
        return self.hand.apply({**manifest, "metadata": metadata}, manager=manager)

    def on_clear(self, undo):
        """Something to undo after the case."""
        self._clearing.append(undo)

    def clear(self):
        """Leave nothing on the cluster; namespaces go on their own."""
        for undo in self._clearing:
            undo()
        for stack in self._known.values():
            self.hand.delete("v1", "ConfigMap", "infra-kit", stack.name)
        for found in self.hand.list("v1", "ConfigMap", self.namespace, metadata_only=True):
            if found["metadata"].get("finalizers"):
                self.hand.patch("v1", "ConfigMap", self.namespace, found["metadata"]["name"], {"metadata": {"finalizers": None}})
        self.hand.delete("v1", "Namespace", "", self.namespace)


class Moment:
    """Does something once, at the nth event of a kind: in the thread of the step that it is told from."""

    def __init__(self, moment, act, *, after=1):
        self._moment, self._act, self._left, self._guard = moment, act, after, threading.Lock()

    def __call__(self, event):
        # No step goes on meanwhile: what has not been sent by then is not sent before the act is done.
        with self._guard:
            if event.moment != self._moment:
                return
            self._left -= 1
            if self._left == 0:
                self._act()
