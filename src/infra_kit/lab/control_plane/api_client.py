"""The lab's own small client of its API server, for the moment in which it comes up."""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import TYPE_CHECKING, Any, Self

import httpx

from infra_kit.inventory.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path
    from types import TracebackType

    from infra_kit.lab.emulator import TlsFiles

_TIMEOUT_S = 10.0
_POLL_S = 0.05
_MANAGER = "infra-kit-lab"
_PLURALS = {"ClusterRole": "clusterroles", "ClusterRoleBinding": "clusterrolebindings", "Node": "nodes"}
_REFUSED = 400


class ApiClient:
    """Talks to one API server as one user, verified both ways.

    Args:
        url: the API server.
        ca: the authority of its certificate.
        identity: the client's certificate.
    """

    def __init__(self, url: str, ca: Path, identity: TlsFiles) -> None:
        """No connection yet."""
        context = ssl.create_default_context(cafile=ca)
        context.load_cert_chain(identity.certificate, identity.key)
        self._http = httpx.AsyncClient(base_url=url, verify=context, timeout=_TIMEOUT_S, trust_env=False)

    async def __aenter__(self) -> Self:
        """Use it in an `async with`."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def get(self, path: str) -> Any | None:
        """The document at a path; None where there is no answer, or another than 200."""
        try:
            answer = await self._http.get(path)
        except httpx.TransportError:
            return None
        if answer.status_code != httpx.codes.OK:
            return None
        return answer.json() if answer.headers.get("content-type", "").startswith("application/json") else answer.text

    async def apply(self, document: dict[str, Any], *, part: str = "") -> None:
        """Server-side apply.

        Args:
            document: the object.
            part: `status`, where that is what is applied.

        Raises:
            LabError: refused, in the API server's words.
        """
        version = document["apiVersion"]
        root = f"/api/{version}" if version == "v1" else f"/apis/{version}"
        path = f"{root}/{_PLURALS[document['kind']]}/{document['metadata']['name']}{f'/{part}' if part else ''}"
        answer = await self._http.patch(
            path,
            params={"fieldManager": _MANAGER, "force": "true"},
            json=document,
            headers={"Content-Type": "application/apply-patch+yaml"},  # JSON is YAML
        )
        if answer.status_code >= _REFUSED:
            raise LabError(f"the lab's own API server refuses: {answer.json().get('message', answer.text)}", where=path)

    async def delete(self, path: str) -> None:
        """Delete what is at a path, if anything is."""
        await self._http.delete(path)


async def wait_for(condition: Callable[[], Awaitable[object]], what: str, check: Callable[[], None], seconds: float) -> None:
    """Wait until a condition is true.

    Args:
        condition: asked again and again.
        what: what is waited for.
        check: raises where waiting is in vain.
        seconds: how long at most.

    Raises:
        LabError: it did not come true in time.
    """
    deadline = time.monotonic() + seconds
    while not await condition():
        check()
        if time.monotonic() > deadline:
            raise LabError(f"{what} did not happen within {seconds:.0f} s")
        await asyncio.sleep(_POLL_S)
