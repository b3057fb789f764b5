"""The directories of the workspace's volumes: made before anything mounts them, since an NFS client mounts no directory that is not there.

Where the export is the array's, the storage layer makes them, before anything of the workspace, and nothing is to be done here. Elsewhere
a Job mounts the export itself and makes what is missing. Everything belongs to one group (`volumes.GROUP`), whose members are all pods
that mount a volume; so the export's root must be writable for that group. The Job is named by what it makes, because a Job cannot be
changed: a new user yields a new Job, and the old one goes.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.batch.v1 import Job

from infra_kit.inventory.volumes import GROUP, MODE, directories, on_array
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.labels import labels
from infra_kit.stacks.parts.pod import Container, Pod
from infra_kit.stacks.workspaces.division import VIEW_BYTES
from infra_kit.stacks.workspaces.volumes import Volume, export, make

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.stacks.parts.place import Place
    from infra_kit.stacks.workspaces.context import Context

EXPORT = "export"
"""The claim on the whole export, which nothing but the Job mounts."""
_MOUNT = "/export"
_IMAGE = "operations"
_SCRIPT = """\
set -eu
for each in "$@"; do
  test -d "$MOUNT/$each" && continue
  mkdir -p "$MOUNT/$each"
  chgrp "$GROUP" "$MOUNT/$each"
  chmod "$MODE" "$MOUNT/$each"
done
"""
"""The directories are its arguments, so nothing of a name is read as shell."""


class Directories(ComponentResource):
    """Makes the Job, where one is needed; `made` is what everything that mounts a volume comes after."""

    def __init__(self, context: Context, parent: Resource) -> None:
        super().__init__(
            "infra-kit:workspaces:Directories", context.names.cluster_wide("directories"), None, ResourceOptions(parent=parent)
        )
        self.made: Resource = self if on_array(context.site) else self._job(context)
        self.register_outputs({})

    def _job(self, context: Context) -> Job:
        place = context.services(self)
        volume = Volume(context.names.cluster_wide(EXPORT), EXPORT, "", VIEW_BYTES, VIEW_BYTES)
        claim = make(place, export(context.site), volume)
        wanted = [each.path for each in directories(context.site, context.workspace)]
        name = f"directories-{hashlib.sha256(chr(10).join(wanted).encode()).hexdigest()[:10]}"
        return Job(
            place.logical(name),
            metadata=place.metadata(name, "directories"),
            spec=self._spec(context, place, wanted),
            opts=place.options(claim),
        )

    @staticmethod
    def _spec(context: Context, place: Place, wanted: list[str]) -> Any:
        container = Container(
            name="directories",
            image=image(context.site, _IMAGE),
            command=["sh", "-c", _SCRIPT, "directories"],
            args=wanted,
            env={"MODE": MODE, "MOUNT": _MOUNT, "GROUP": str(GROUP)},
            mounts=[{"name": EXPORT, "mountPath": _MOUNT}],
            cpu="50m",
            memory="64Mi",
        )
        volumes = [{"name": EXPORT, "persistentVolumeClaim": {"claimName": EXPORT}}]
        own = labels(place.owner, "directories")
        pod = Pod(containers=[container], volumes=volumes, spread="preferred", uid=context.site.catalog.images[_IMAGE].uid, groups=[GROUP])
        spec = {**pod.manifest(own), "restartPolicy": "OnFailure"}
        spec.pop("topologySpreadConstraints")  # one pod has nothing to be spread from
        return {"backoffLimit": 6, "template": {"metadata": {"labels": own}, "spec": spec}}
