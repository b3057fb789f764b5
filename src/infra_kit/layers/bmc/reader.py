"""The client of a BMC that can only read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Self

from infra_kit.inventory.errors import DeviceError
from infra_kit.layers.bmc.readings import UNFINISHED, BiosState, BootOption, Job, ServerState, job_of, text, values

if TYPE_CHECKING:
    from infra_kit.inventory.access import Endpoint
    from infra_kit.layers.bmc.connector import BmcConnector

SYSTEM = "/redfish/v1/Systems/System.Embedded.1"
"""Where an iDRAC has its server; asking for it directly saves two requests a BMC."""
BOOT_SOURCES = f"{SYSTEM}/Oem/Dell/DellBootSources"
JOBS = "/redfish/v1/Managers/iDRAC.Embedded.1/Jobs"
ATTEMPTS = 4
"""How often a reader sends a request at most."""
FRESH_S = 10.0
"""How long the resources of one server share one reading of it, so that a plan asks each BMC for it once."""


class BmcReader:
    """Reads one BMC by GET requests only, with basic authentication, so that not even a session is made.

    Args:
        endpoint: whom it talks to.
        connector: how.
    """

    can_write: ClassVar[bool] = False

    def __init__(self, endpoint: Endpoint, connector: BmcConnector) -> None:
        """Send nothing yet."""
        self.endpoint = endpoint
        self._connector = connector
        self._server: ServerState | None = None
        self._read_at = 0.0

    @classmethod
    def open(cls, endpoint: Endpoint, *, attempts: int = ATTEMPTS) -> Self:
        """A reader of that BMC, which has read the server once: a BMC that does not answer is found out here, and once.

        Args:
            endpoint: the BMC.
            attempts: how often a request is sent at most.

        Raises:
            DeviceError: the BMC is not reached, not trusted, or refuses the login.
        """
        from infra_kit.layers.bmc.connector import BmcConnector

        connector = BmcConnector(endpoint, read_only=True, attempts=attempts)
        connector.set_http_basic_auth(endpoint.user, endpoint.password().get_secret_value())
        reader = cls(endpoint, connector)
        try:
            reader.server()
        except DeviceError:
            reader.close()
            raise
        return reader

    def close(self) -> None:
        """Drop the connection."""
        self._connector.close()

    def server(self, *, fresh: bool = False) -> ServerState:
        """The server; a reading of the last seconds serves unless it must be fresh.

        Raises:
            DeviceError: it cannot be read.
        """
        if self._server is None or fresh or time.monotonic() - self._read_at > FRESH_S:
            from infra_kit.layers.bmc.speech import speaking

            with speaking(self.endpoint, "reading the server"):
                system = self._system()
                boot = system.json.get("Boot") or {}
                progress = system.json.get("BootProgress") or {}
                self._server = ServerState(
                    model=text(system.json, "Model"),
                    service_tag=text(system.json, "SKU"),
                    power=text(system.json, "PowerState"),
                    boot_order=tuple(str(reference) for reference in boot.get("BootOrder") or ()),
                    boot_progress=str(progress.get("LastState") or ""),
                )
            self._read_at = time.monotonic()
        return self._server

    def bios(self) -> BiosState:
        """The BIOS attributes, always fresh.

        Raises:
            DeviceError: they cannot be read.
        """
        from sushy.resources.system.bios import Bios

        from infra_kit.layers.bmc.speech import speaking

        with speaking(self.endpoint, "reading the BIOS"):
            bios = Bios(self._connector, f"{SYSTEM}/Bios")
            return BiosState(values(bios.attributes), values(bios.pending_attributes))

    def boot_options(self) -> list[BootOption]:
        """All boot options.

        Raises:
            DeviceError: they cannot be read.
        """
        return [
            BootOption(*(str(option.get(key) or "") for key in ("BootOptionReference", "DisplayName", "UefiDevicePath", "Alias")))
            for option in self.members(f"{SYSTEM}/BootOptions")
        ]

    def pending_boot_order(self, order: list[str]) -> list[str]:
        """The boot order that waits for a reset, as references; empty when none waits.

        Args:
            order: the references in effect. Dell's boot sources are listed in the same order, under names of their own.

        Raises:
            DeviceError: it cannot be read.
        """
        pending = self._boot_sources(f"{BOOT_SOURCES}/Settings")
        if not pending:
            return []
        references = dict(zip(self._boot_sources(BOOT_SOURCES), order, strict=False))
        return [references.get(name, name) for name in pending]

    def _boot_sources(self, path: str) -> list[str]:
        from infra_kit.layers.bmc.speech import speaking

        resource = self.resource(path)
        with speaking(self.endpoint, f"reading {path}"):
            rows = resource.get("Attributes", {}).get("UefiBootSeq", [])
            return [str(row["Name"]) for row in sorted(rows, key=lambda row: int(row["Index"]))]

    def open_job(self) -> Job | None:
        """The BIOS configuration job that waits or runs, if there is one.

        Raises:
            DeviceError: the jobs cannot be read.
        """
        for member in self.members(JOBS):
            if member.get("JobType") == "BIOSConfiguration" and member.get("JobState") in UNFINISHED:
                return job_of(member)
        return None

    def job(self, identity: str) -> Job:
        """One job.

        Raises:
            DeviceError: it cannot be read.
        """
        return job_of(self.resource(f"{JOBS}/{identity}"))

    def members(self, path: str) -> list[dict[str, Any]]:
        """The members of a collection, in one request.

        Raises:
            DeviceError: it cannot be read.
        """
        members = self.resource(f"{path}?$expand=*($levels=1)").get("Members")
        if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
            raise DeviceError(self.endpoint.device, f"reading {path}: the answer is not a collection", remedy="check the BMC's firmware")
        return members

    def resource(self, path: str) -> dict[str, Any]:
        """Any resource as its JSON object.

        Raises:
            DeviceError: it cannot be read.
        """
        from infra_kit.layers.bmc.speech import speaking

        with speaking(self.endpoint, f"reading {path.partition('?')[0]}"):
            answer = self._connector.get(path).json()
            if not isinstance(answer, dict):
                msg = "not an object"
                raise ValueError(msg)  # noqa: TRY004  becomes the DeviceError of an answer of the wrong form
            return answer

    def _system(self) -> Any:
        from sushy.resources.system.system import System

        return System(self._connector, SYSTEM)
