"""The client of a BMC that changes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Self

from infra_kit.layers.bmc.reader import JOBS, SYSTEM, BmcReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.inventory.access import Endpoint
    from infra_kit.layers.bmc.connector import BmcConnector

SETTINGS = f"{SYSTEM}/Bios/Settings"
_ON_RESET = {"@Redfish.SettingsApplyTime": {"ApplyTime": "OnReset"}}
PATIENT_ATTEMPTS = 8
"""How often a writer sends one, where repeating does no harm: after a job an iDRAC may not be ready for a minute."""


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
