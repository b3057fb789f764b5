"""What runs on the cluster, as data: container images, and the runtimes that users choose from."""

from __future__ import annotations

from typing import Literal

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import Count, CpuQuantity, ImageDigest, ImageLayer, MemoryQuantity, Name


class LabImage(Noun):
    """How the lab makes a stand-in of an image on this machine, without any registry."""

    layers: list[ImageLayer]
    """Laid over each other, in order: `apt:PACKAGES`, `pip:REQUIREMENTS` (in /opt/pip), `npm:PACKAGES` (in /opt/npm), several separated by
    spaces; `program:NAME`, one of the lab's own, in /usr/local/bin; `python`: Python alone. All but programs lie over a base root file
    system, whose /etc/passwd gets a line for the image's `uid`; `pip:` brings Python with it."""
    links: dict[str, str] = {}
    """Symbolic links, target by path: where the real image has something."""
    command: list[str]
    """What the image starts."""
    environment: dict[str, str] = {}
    source: str
    """Where it was seen to work; `not tried` where it was not."""


class ImageModel(Noun):
    """One container image, by the name that the stacks know it by."""

    name: Name
    registry: str
    repository: str
    tag: str
    digest: ImageDigest = ""
    """`sha256:...`; empty until somebody who can reach the registry, or the mirror, fills it in: then the tag alone decides."""
    uid: Count = 10001
    """The numeric user that it runs as, which `runAsNonRoot` needs; 0 where it runs as root."""
    lab: LabImage | None = None


class Size(Noun):
    """A session size that a user may choose."""

    name: Name
    cpu: CpuQuantity
    memory: MemoryQuantity
    gpus: Count = 0


class RuntimeModel(Noun):
    """One runtime of the catalogue: a kernel, its editor and the image that has both."""

    name: Name
    title: str
    kernel: Literal["python", "r", "scala"]
    kernel_version: str
    editor: Literal["jupyterlab", "workbench", "rstudio", "vscode"]
    image: Name
    gpu: bool = False
    """Whether it is made for sessions with a GPU."""
    serves: Name | None = None
    """The image that serves models of this runtime; none: it serves no models."""
