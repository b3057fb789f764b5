"""The two clients of a BMC: one that can only read, and one that changes."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from infra_kit.inventory.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.inventory.access import Endpoint
    from infra_kit.layers.bmc.connector import BmcConnector

SYSTEM = "/redfish/v1/Systems/System.Embedded.1"
"""Where an iDRAC has its server; asking for it directly saves two requests a BMC."""
SETTINGS = f"{SYSTEM}/Bios/Settings"
BOOT_SOURCES = f"{SYSTEM}/Oem/Dell/DellBootSources"
JOBS = "/redfish/v1/Managers/iDRAC.Embedded.1/Jobs"
UNFINISHED = frozenset({"New", "Scheduled", "Scheduling", "Running", "Starting", "Waiting", "Downloading", "ReadyForExecution"})
WAITING = frozenset({"New", "Scheduled", "Scheduling", "ReadyForExecution"})
ATTEMPTS = 4
"""How often a reader sends a request at most."""
PATIENT_ATTEMPTS = 8
"""How often a writer sends one, where repeating does no harm: after a job an iDRAC may not be ready for a minute."""
FRESH_S = 10.0
"""How long the resources of one server share one reading of it, so that a plan asks each BMC for it once."""


@dataclass(frozen=True, slots=True)
class ServerState:
    """The server as its BMC describes it."""

    model: str
    service_tag: str
    power: str
    boot_order: tuple[str, ...]
    boot_progress: str = ""
    """How far it has booted (Redfish BootProgress.LastState); empty where the firmware does not say."""


@dataclass(frozen=True, slots=True)
class BiosState:
    """BIOS attributes in effect, and those that wait for a reset."""

    attributes: Mapping[str, str | int]
    pending: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class BootOption:
    """One boot option of the server."""

    reference: str
    name: str
    path: str
    alias: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job of the BMC."""

    id: str
    state: str
    message: str

    @property
    def waits(self) -> bool:
        """It has not begun: it waits for a reset."""
        return self.state in WAITING


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
                    model=_text(system.json, "Model"),
                    service_tag=_text(system.json, "SKU"),
                    power=_text(system.json, "PowerState"),
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
            return BiosState(_values(bios.attributes), _values(bios.pending_attributes))

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
                return _job(member)
        return None

    def job(self, identity: str) -> Job:
        """One job.

        Raises:
            DeviceError: it cannot be read.
        """
        return _job(self.resource(f"{JOBS}/{identity}"))

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


class BmcWriter(BmcReader):
    """Reads and changes one BMC within one session, which `close` ends."""

    can_write: ClassVar[bool] = True

    def __init__(self, endpoint: Endpoint, connector: BmcConnector, session: Any) -> None:
        """Take over an open session."""
        super().__init__(endpoint, connector)
        self._session = session

    @classmethod
    def open(cls, endpoint: Endpoint, *, attempts: int = PATIENT_ATTEMPTS) -> Self:
        """Log in.

        Raises:
            DeviceError: the BMC is not reached, not trusted, or refuses the login.
        """
        from sushy import Sushy
        from sushy.auth import SessionAuth

        from infra_kit.layers.bmc.connector import BmcConnector
        from infra_kit.layers.bmc.speech import speaking

        connector = BmcConnector(endpoint, read_only=False, attempts=attempts)
        login = SessionAuth(endpoint.user, endpoint.password().get_secret_value())
        with speaking(endpoint, "opening a session"):
            session = Sushy(connector._url, auth=login, connector=connector)  # noqa: SLF001  sushy asks for the address a second time
        return cls(endpoint, connector, session)

    def close(self) -> None:
        """End the session. A BMC that does not answer any more ends it by its own timeout."""
        from sushy.exceptions import SushyError

        with suppress(SushyError):
            self._session._auth.close()  # noqa: SLF001  sushy closes a session only when it is garbage
        self._session._auth = None  # noqa: SLF001
        super().close()

    def stage_bios(self, attributes: Mapping[str, str | int]) -> None:
        """Give the BMC attributes for the next reset, with the job that applies them.

        Raises:
            AttributesRefusedError: the BIOS does not take some of them.
            DeviceError: anything else.
        """
        from infra_kit.layers.bmc.speech import speaking

        with speaking(self.endpoint, "setting BIOS attributes"):
            answer = self._connector.patch(SETTINGS, data={"Attributes": dict(attributes), **_ON_RESET})
        if not answer.headers.get("Location"):
            self.commit()

    def stage_boot_order(self, order: list[str]) -> None:
        """Give the BMC a boot order for the next reset, with the job that applies it.

        Raises:
            DeviceError: it refuses.
        """
        from infra_kit.layers.bmc.speech import speaking

        with speaking(self.endpoint, "setting the boot order"):
            self._connector.patch(SYSTEM, data={"Boot": {"BootOrder": order}})
        if self.server(fresh=True).boot_order != tuple(order):
            self.commit()

    def reset(self, kind: str) -> None:
        """ComputerSystem.Reset of that kind.

        Raises:
            DeviceError: the BMC refuses.
        """
        from sushy import ResetType

        from infra_kit.layers.bmc.speech import speaking

        self._server = None
        with speaking(self.endpoint, f"resetting the server ({kind})"):
            self._system().reset_system(ResetType(kind))

    def restarts_gracefully(self) -> bool:
        """Whether the BMC knows GracefulRestart; older firmware does not.

        Raises:
            DeviceError: it cannot be read.
        """
        from sushy import ResetType

        from infra_kit.layers.bmc.speech import speaking

        with speaking(self.endpoint, "reading the kinds of reset"):
            return ResetType.GRACEFUL_RESTART in self._system().get_allowed_reset_system_values()

    def commit(self) -> None:
        """Make the job that applies what is pending, unless there is one: firmware differs in what makes it by itself.

        Raises:
            DeviceError: the BMC refuses, as it does when nothing is pending.
        """
        if self.open_job() is not None:
            return
        from infra_kit.layers.bmc.speech import speaking

        with speaking(self.endpoint, "creating the configuration job"):
            self._connector.post(JOBS, data={"TargetSettingsURI": SETTINGS})


_ON_RESET = {"@Redfish.SettingsApplyTime": {"ApplyTime": "OnReset"}}


def _text(source: Mapping[str, Any], name: str) -> str:
    value = source.get(name)
    if not isinstance(value, str):
        msg = f"{name} is {value!r}"
        raise ValueError(msg)  # noqa: TRY004  becomes the DeviceError of an answer of the wrong form
    return value


def _values(attributes: Any) -> dict[str, str | int]:
    if not isinstance(attributes, dict):
        msg = f"Attributes is {type(attributes).__name__}"
        raise ValueError(msg)  # noqa: TRY004  the same
    return attributes


def _job(member: Mapping[str, Any]) -> Job:
    return Job(str(member.get("Id", "")), str(member.get("JobState", "")), str(member.get("Message", "")))
