"""Where Pulumi keeps a stack of a site, and as whom it talks to the cluster."""

from __future__ import annotations

import base64
import os
import shutil
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from infra_kit.inventory.access import KUBERNETES
from infra_kit.inventory.errors import NoSecretError, RefusedError, SecretError, StateError, TrustError

if TYPE_CHECKING:
    from infra_kit.inventory.access import Endpoint
    from infra_kit.plan.resource import ReadContext
    from infra_kit.stacks.stack import Stack

PLUGIN = "pulumi-resource-kubernetes"
"""The program of Pulumi's Kubernetes provider."""
_PRIVATE = 0o700
_OF_PULUMI = "PULUMI_"
_OF_KUBERNETES = "KUBECONFIG"


@dataclass(frozen=True, slots=True)
class Place:
    """What the child process needs to know to run Pulumi for a stack. It is handed over by a pipe."""

    project: str
    """As in `stacks/PROGRAM/Pulumi.yaml`, so that `pulumi` in that folder finds the same stack."""
    stack: str
    """Its name in the backend, which several sites may share."""
    backend: str
    """URL of the backend."""
    home: str
    """Pulumi's own folder."""
    work: str
    """Folder of the stack's settings: the salt of its secrets."""
    site: str
    """The site's name."""
    passphrase: str = field(repr=False)
    kubeconfig: str = field(repr=False)

    def document(self) -> dict[str, Any]:
        """As JSON. Secrets are in it."""
        return asdict(self)


def place_of(stack: Stack, context: ReadContext) -> Place:
    """Find and prepare a stack's place.

    Raises:
        RefusedError: the provider's program is not found, or the inventory names no passphrase.
        NoSecretError: the passphrase or the cluster's token does not resolve.
        StateError: the folder cannot be made.
    """
    _require_plugin()
    site, access = context.site, context.connections.access
    settings = site.kubernetes.pulumi if site.kubernetes else None
    root = Path(site.folder).resolve() / ".infra-kit" / "pulumi"
    backend = root / "backend"
    work = root / "stacks" / stack.name
    home = root / "home"
    try:
        for folder in (root.parent, root, backend, root / "stacks", work, home):
            folder.mkdir(mode=_PRIVATE, exist_ok=True)
    except OSError as error:
        raise StateError(f"the folder of Pulumi's state cannot be made: {error.strerror}", where=str(root)) from error
    return Place(
        project=f"infra-kit-{stack.program}",
        stack=f"{site.site.name}.{stack.name}",
        backend=(settings.backend if settings else "") or f"file://{backend}",
        home=str(home),
        work=str(work),
        site=site.site.name,
        passphrase=_passphrase(context),
        kubeconfig=kubeconfig(access.endpoint(KUBERNETES, "kubernetes")),
    )


def _require_plugin() -> None:
    if shutil.which(PLUGIN) is None:
        needed = version("pulumi-kubernetes")
        raise RefusedError(
            KUBERNETES,
            f"Pulumi's Kubernetes provider, `{PLUGIN}` {needed}, is not on PATH, and infra-kit downloads none",
            remedy=f"put `{PLUGIN}` of version {needed} on PATH, or set `kubernetes: {{engine: server-side}}`",
        )


def _passphrase(context: ReadContext) -> str:
    kubernetes = context.site.kubernetes
    reference = kubernetes.pulumi.passphrase if kubernetes else None
    if reference is None:
        raise RefusedError(
            KUBERNETES,
            "the engine automation encrypts secrets in Pulumi's state, and the inventory names no passphrase for it",
            remedy="set `kubernetes: {pulumi: {passphrase: REFERENCE}}`, such as `file:passphrase`, and keep it",
        )
    try:
        return str(context.connections.access.secrets.resolve(str(reference)).get_secret_value())
    except SecretError as error:
        raise NoSecretError(KUBERNETES, f"the passphrase of Pulumi's state: {error.what}", remedy=error.remedy) from error


def kubeconfig(endpoint: Endpoint) -> str:
    """The settings file of a Kubernetes client, as text: it is kept in memory alone.

    Raises:
        NoSecretError: the token does not resolve.
        TrustError: the trust anchor cannot be read.
    """
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    cluster: dict[str, str] = {"server": f"https://{host}:{endpoint.port}"}
    if endpoint.ca is not None:
        try:
            cluster["certificate-authority-data"] = base64.b64encode(endpoint.ca.read_bytes()).decode()
        except OSError as error:
            raise TrustError(endpoint.device, f"the trust anchor {endpoint.ca} cannot be read: {error.strerror}") from error
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": KUBERNETES, "cluster": cluster}],
            "users": [{"name": "infra-kit", "user": {"token": endpoint.password().get_secret_value()}}],
            "contexts": [{"name": KUBERNETES, "context": {"cluster": KUBERNETES, "user": "infra-kit"}}],
            "current-context": KUBERNETES,
        }
    )


def environment(context: ReadContext) -> dict[str, str]:
    """The environment of the child: ours without settings of a Pulumi around us, and without what is a secret of the site."""
    mask = context.connections.access.mask
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith((_OF_PULUMI, _OF_KUBERNETES)) and mask(value) == value and name != "PYTHONDONTWRITEBYTECODE"
    }
