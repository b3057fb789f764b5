"""Models and applications of workspaces: what serves them, how many of them, and how they are called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_kit.inventory.quantities import in_bytes, millicores
from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.workspaces import Application, Job, Model, Workspace
    from infra_kit.inventory.rules.index import Index

    Started = Job | Model | Application

_URI = re.compile(r"models:/[^/@\s]+(/[1-9][0-9]*|@[A-Za-z0-9_-]+)$")
TAKEN = (
    *("auth-proxy", "backup", "database", "failed-jobs", "hub", "mlflow", "model-metrics", "models", "proxy", "proxy-api"),
    *("saml-proxy", "spark-history", "login", "modelservice", "monitoring"),
)
"""Services and hosts that a workspace has itself (`stacks/workspaces/data/services.yaml`)."""
CHORES = ("backup", "directories", "failed-jobs", "restore", "roll-up")
"""Jobs that a workspace has itself; network policies and logs go by their names."""
BATCH = "batch-"
"""How the name of a model's own batch job begins: what else is called so would be taken for its pods."""


def _models(site: Site) -> Iterator[tuple[Workspace, Model]]:
    for workspace in site.workspaces:
        for model in workspace.models:
            yield workspace, model


def _started(workspace: Workspace) -> Iterator[tuple[str, Started]]:
    """Everything that the inventory itself has the workspace run, and what it is."""
    yield from (("job", job) for job in workspace.jobs)
    yield from (("model", model) for model in workspace.models)
    yield from (("application", application) for application in workspace.applications)


@rule("IK4170")
def uri_malformed(site: Site, _index: Index) -> Iterator[Problem]:
    """A model's URI names no version and no alias of a registered model."""
    for _, model in _models(site):
        if not _URI.match(model.uri):
            message = f"`{model.uri}` of model {model.name} names no version of a registered model"
            yield Problem(model, "uri", message, "write it as models:/NAME/3 or models:/NAME@champion")


@rule("IK4171")
def replicas_above_limit(site: Site, _index: Index) -> Iterator[Problem]:
    """A model has more replicas than its own upper limit."""
    for _, model in _models(site):
        if model.replicas > model.max_replicas:
            message = f"model {model.name} has {model.replicas} replicas and at most {model.max_replicas}"
            yield Problem(model, "replicas", message, "raise `max_replicas`; equal means no autoscaler")


@rule("IK4172")
def runtime_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A job, a model, an application or a workspace names a runtime that the catalogue does not have."""
    runtimes = site.catalog.runtimes
    hint = f"known: {', '.join(runtimes)}; a site adds its own in its catalog/ folder"
    for workspace in site.workspaces:
        for position, name in enumerate(workspace.sessions.runtimes):
            if name not in runtimes:
                message = f"the catalogue has no runtime `{name}`, which sessions of workspace {workspace.name} may have"
                yield Problem(workspace.sessions, ("runtimes", position), message, hint)
        for kind, each in _started(workspace):
            if each.runtime not in runtimes:
                message = f"the catalogue has no runtime `{each.runtime}`, which {kind} {each.name} of workspace {workspace.name} runs in"
                yield Problem(each, "runtime", message, hint)


@rule("IK4173")
def runtime_serves_nothing(site: Site, _index: Index) -> Iterator[Problem]:
    """A model is of a runtime that no image serves models of."""
    for _, model in _models(site):
        runtime = site.catalog.runtimes.get(model.runtime)
        if runtime and runtime.serves is None:
            serving = [each.name for each in site.catalog.runtimes.values() if each.serves]
            message = f"runtime {model.runtime} of model {model.name} serves no models"
            yield Problem(model, "runtime", message, f"these do: {', '.join(serving)}")


@rule("IK4174")
def fits_on_no_node(site: Site, index: Index) -> Iterator[Problem]:
    """A job, a model or an application requests more than any worker can give: it would wait for ever."""
    workers = index.workers
    for workspace in site.workspaces if workers else []:
        for kind, each in _started(workspace):
            gpus = getattr(each, "gpus", 0)
            cpu, memory = millicores(each.cpu), in_bytes(each.memory)
            if not any(cpu <= one.millicores and memory <= one.memory_bytes and gpus <= one.gpus for one in workers):
                wanted = f"{each.cpu} CPU, {each.memory}" + (f" and {gpus} GPU(s)" if gpus else "")
                message = f"{kind} {each.name} of workspace {workspace.name} requests {wanted} at once; no worker can give that"
                yield Problem(each, "", message, "request less")


@rule("IK4175", "warning")
def gpus_without_runtime(site: Site, _index: Index) -> Iterator[Problem]:
    """A job requests GPUs in a runtime that is not made for them, or is in one that is without requesting any."""
    for workspace in site.workspaces:
        for job in workspace.jobs:
            runtime = site.catalog.runtimes.get(job.runtime)
            if runtime and runtime.gpu != bool(job.gpus):
                made = "is made for GPUs" if runtime.gpu else "is not made for GPUs"
                message = f"job {job.name} of workspace {workspace.name} requests {job.gpus} GPU(s); runtime {runtime.name} {made}"
                yield Problem(job, "runtime", message, "choose the runtime's other variant, or correct `gpus`")


@rule("IK4176")
def registry_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """A workspace deploys models from a registry that it does not have."""
    for workspace in site.workspaces:
        if workspace.models and not workspace.experiments:
            message = f"model {workspace.models[0].name} comes from the registry of workspace {workspace.name}, whose `experiments` are off"
            yield Problem(workspace, "experiments", message, "switch them on: the registry is a part of them")


@rule("IK4177")
def application_name_taken(site: Site, _index: Index) -> Iterator[Problem]:
    """An application has the name of a service that every workspace has itself."""
    for workspace in site.workspaces:
        for application in workspace.applications:
            if application.name in TAKEN:
                message = f"application `{application.name}` of workspace {workspace.name} has the name of one of its own services"
                yield Problem(application, "name", message, f"avoid {', '.join(TAKEN)}")


@rule("IK4178")
def command_empty(site: Site, _index: Index) -> Iterator[Problem]:
    """A job or an application starts nothing."""
    for workspace in site.workspaces:
        for kind, each in _started(workspace):
            command = getattr(each, "command", ["the model server"])
            if not command or not command[0].strip():
                yield Problem(each, "command", f"{kind} {each.name} of workspace {workspace.name} starts nothing", "name the program")


@rule("IK4179")
def name_taken(site: Site, _index: Index) -> Iterator[Problem]:
    """A job, a model or an application has the name of a job or a service that the workspace has itself, or of another of its own."""
    for workspace in site.workspaces:
        models = {model.name for model in workspace.models}
        for kind, each in _started(workspace):
            taken = {"job": CHORES, "model": (*TAKEN, *CHORES), "application": [name for name in CHORES if name not in TAKEN]}[kind]
            what = ""
            if each.name in taken:
                what = "one of its own jobs and services"
            elif each.name.startswith(BATCH):
                what = "a model's batch job"
            elif kind == "application" and each.name in models:
                what = "one of its models"
            if what:
                avoided = f"avoid {', '.join(taken)} and what begins with `{BATCH}`; a model and an application need two names"
                yield Problem(each, "name", f"{kind} `{each.name}` of workspace {workspace.name} has the name of {what}", avoided)
