"""The client of a running lab's control call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from infra_kit.inventory.errors import LabError
from infra_kit.lab.folder import LabFolder

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT_S = 60.0  # an API server that is started again takes its time
_OK = 200


class LabControl:
    """Asks and changes the devices of a running lab.

    Args:
        host: where the control call listens.
        port: its port.
        token: the bearer token.
        site: the site's folder, for what is said when it fails.
    """

    def __init__(self, host: str, port: int, token: str, site: Path) -> None:
        """Nothing is sent yet."""
        self._site = site
        self._url = f"http://{host}:{port}"
        self._headers = {"Authorization": f"Bearer {token}"}

    @classmethod
    def of(cls, site_folder: Path) -> Self:
        """The control of the lab that runs for a site.

        Raises:
            LabError: none runs.
        """
        folder = LabFolder(site_folder)
        try:
            place = json.loads(folder.record.read_text(encoding="utf-8"))["control"]
            token = folder.token.read_text(encoding="utf-8").strip()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise LabError("no lab runs for this site", where=str(site_folder), remedy=f"`infra-kit lab up {site_folder}`") from error
        return cls(place["host"], place["port"], token, site_folder)

    def devices(self) -> list[dict[str, Any]]:
        """Every device: name, protocol, model, host, port, faults, number of requests."""
        listed: list[dict[str, Any]] = self._call("GET", "/devices")
        return listed

    def device(self, name: str) -> dict[str, Any]:
        """One device, with every request that it was sent."""
        shown: dict[str, Any] = self._call("GET", f"/devices/{name}")
        return shown

    def events(self, name: str) -> list[tuple[str, str]]:
        """What the device was asked, in order: verb and what."""
        return [(verb, what) for verb, what in self.device(name)["events"]]

    def clear_events(self, name: str) -> None:
        """Forget what the device was asked."""
        self._call("DELETE", f"/devices/{name}/events")

    def faults(self, name: str, **values: Any) -> dict[str, Any]:
        """Set the named faults (infra_kit.lab.faults.Faults); gives all of them."""
        all_of_them: dict[str, Any] = self._call("PUT", f"/devices/{name}/faults", values)
        return all_of_them

    def tamper(self, name: str, change: dict[str, Any]) -> None:
        """Change the device's state behind infra-kit's back; each kind of device says what it knows."""
        self._call("POST", f"/devices/{name}/tamper", change)

    @property
    def _remedy(self) -> str:
        return f"`infra-kit lab down {self._site}`, then `infra-kit lab up {self._site}`"

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request.

        Raises:
            LabError: no answer, or a refusal, in the lab's words.
        """
        import httpx

        try:
            answer = httpx.request(method, self._url + path, json=body, headers=self._headers, timeout=_TIMEOUT_S, trust_env=False)
        except httpx.TransportError as error:
            raise LabError(f"the lab does not answer: {error}", remedy=self._remedy) from error
        if answer.status_code != _OK:
            raise LabError(f"the lab refuses: {answer.json()['error']}")
        return answer.json()
