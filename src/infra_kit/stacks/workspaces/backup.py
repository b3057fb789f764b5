"""Backup and restoration of a workspace: its databases, and the list of its objects.

    backups/20261121T021500Z/hub.dump mlflow.dump ... objects.json.gz SHA256SUMS

One container dumps each database with its owner's login, the next lists what the workspace's namespaces hold, as an account that may list
and nothing else (no Secrets), and gives the folder its name: what has a name is whole. `infra-kit workspace restore` makes a Job from the
template `restore`. Files (homes, project, artifacts) are on the array, which has snapshots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import ConfigMap

from infra_kit.stacks.parts.accounts import account, subject
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.pod import Container, Pod, from_pod
from infra_kit.stacks.parts.template import rendered
from infra_kit.stacks.workspaces import chores, database
from infra_kit.stacks.workspaces.access import bind, roles
from infra_kit.stacks.workspaces.credentials import LOGIN_FILE
from infra_kit.stacks.workspaces.services import table
from infra_kit.stacks.workspaces.volumes import GROUP

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.stacks.workspaces.access import Access
    from infra_kit.stacks.workspaces.context import Context
    from infra_kit.stacks.workspaces.credentials import Credentials
    from infra_kit.stacks.workspaces.directories import Directories
    from infra_kit.stacks.workspaces.volumes import Volumes

NAME, RESTORE = "backup", "restore"
"""The CronJobs, as `infra_kit.stacks.operations.jobs` knows them."""
ROLE = "archivist"
CLAIM = "backups"
_SCRIPTS = "/etc/backup"
_BACKUPS = "/backups"
_LOGINS = "/etc/backup-logins"
_KEEPER_IMAGE = "operations"
_VERSIONS = {"": "v1", "autoscaling": "autoscaling/v2"}
"""By API group, where the version is not plain `v1`."""


def kinds() -> dict[str, list[str]]:
    """What is listed, by group and version: all that the role may list."""
    found: dict[str, list[str]] = {}
    for rule in roles()[ROLE]:
        for group in rule["apiGroups"]:
            found.setdefault(_VERSIONS.get(group, f"{group}/v1"), []).extend(rule["resources"])
    return found


class Backup(ComponentResource):
    """Makes the CronJob, the template of a restoration, and the account with its rights."""

    def __init__(  # noqa: PLR0913  what it needs
        self, context: Context, access: Access, secrets: Credentials, volumes: Volumes, directories: Directories, parent: Resource
    ) -> None:
        super().__init__("infra-kit:workspaces:Backup", context.names.cluster_wide(NAME), None, ResourceOptions(parent=parent))
        self._context = context
        place = context.services(self)
        files = {
            "dump.sh": rendered("workspaces/dump_databases.sh.j2"),
            "keep.py": rendered("workspaces/keep_backup.py.j2", workspace=context.workspace.name, kinds=kinds()),
            "restore.sh": rendered("workspaces/restore_databases.sh.j2"),
        }
        config = ConfigMap(place.logical(NAME), metadata=place.metadata(NAME, NAME), data=files, opts=place.options())
        made = account(place, NAME)
        for each in [place, *(context.user(user, self) for user in context.names.users)]:
            bind(context, each, ROLE, [subject(place.namespace, NAME)], access.roles[ROLE], *made)
        needed = [config, *made, volumes.services[CLAIM], directories.made, *secrets.databases.values()]
        chores.make(context, place, self._backup(), *needed)
        chores.make(context, place, self._restore(), *needed)
        self.register_outputs({})

    def _backup(self) -> chores.Chore:
        context = self._context
        namespaces = [context.names.services, *(user.namespace for user in context.names.users)]
        keeper = Container(
            name="keep",
            image=image(context.site, _KEEPER_IMAGE),
            command=["python3", f"{_SCRIPTS}/keep.py"],
            args=namespaces,
            env={**self._environment(), "KEEP": str(context.workspace.backup.keep)},
            env_from=[from_pod("HOSTNAME", "metadata.name")],
            cpu="100m",
            memory="256Mi",
            mounts=self._mounts(),
        )
        pod = Pod(
            containers=[keeper],
            init_containers=[self._with_postgres("dump", "dump.sh")],
            priority="batch",
            service_account=NAME,
            volumes=self._volumes(),
            uid=context.site.catalog.images[_KEEPER_IMAGE].uid,
            groups=[GROUP],
        )
        return chores.Chore(name=NAME, schedule=context.workspace.backup.schedule, pod=pod, within_s=4 * 3600, mail=True)

    def _restore(self) -> chores.Chore:
        pod = Pod(
            containers=[self._with_postgres(RESTORE, "restore.sh")],
            priority="batch",
            volumes=self._volumes(),
            # The backup's user: its files are nobody else's business.
            uid=self._context.site.catalog.images[_KEEPER_IMAGE].uid,
            groups=[GROUP],
        )
        return chores.Chore(name=RESTORE, application=NAME, component=RESTORE, pod=pod, within_s=4 * 3600, attempts=0)

    def _with_postgres(self, name: str, script: str) -> Container:
        """Dumps are read and written by programs of the server's own version."""
        return Container(
            name=name,
            image=image(self._context.site, database.IMAGE),
            command=["sh", f"{_SCRIPTS}/{script}"],
            env=self._environment(),
            env_from=[from_pod("HOSTNAME", "metadata.name")],
            cpu="200m",
            memory="256Mi",
            mounts=[*self._mounts(), {"name": "logins", "mountPath": _LOGINS, "readOnly": True}],
        )

    @staticmethod
    def _environment() -> dict[str, str]:
        return {"BACKUPS": _BACKUPS, "LOGINS": _LOGINS, "PYTHONUNBUFFERED": "1"}

    @staticmethod
    def _mounts() -> list[dict[str, Any]]:
        return [{"name": CLAIM, "mountPath": _BACKUPS}, {"name": "scripts", "mountPath": _SCRIPTS, "readOnly": True}]

    def _volumes(self) -> list[dict[str, Any]]:
        logins = [
            {"secret": {"name": self._context.names.database(name).secret, "items": [{"key": LOGIN_FILE, "path": f"{name}/{LOGIN_FILE}"}]}}
            for name in table().databases
        ]
        return [
            {"name": CLAIM, "persistentVolumeClaim": {"claimName": CLAIM}},
            {"name": "scripts", "configMap": {"name": NAME}},
            {"name": "logins", "projected": {"sources": logins}},
        ]
