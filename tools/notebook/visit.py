"""One user's visit to a workspace on the lab: logs in at the hub, has a session spawned, runs cells in it, ends it.

Usage: visit.py [--stay] SITE WORKSPACE USER CELL...
CELL is a Python file whose text is run in the session's kernel; what the cells print is printed. `--stay` leaves the session running. The
way in is kubectl's port-forward, since nothing on the lab serves the workspace's own name. Ends with 1 and a message when anything of it
does not work.
"""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPAWN_S = 240.0
_CELL_S = 240.0
_POLL_S = 0.5


class Visit:
    """What a browser does for its user.

    Args:
        http: cookies, and connections to the hub's proxy.
        user: who comes.
    """

    def __init__(self, http: aiohttp.ClientSession, user: str) -> None:
        self._http, self._user = http, user
        self._authorization: dict[str, str] = {}

    async def login(self, password: str) -> None:
        """Come in, which a wrong password must not do, and get a token for oneself."""
        if await self._enter("not-the-password") != HTTPStatus.FORBIDDEN:
            sys.exit("the hub lets anybody in")
        status = await self._enter(password)
        if status != HTTPStatus.FOUND:
            sys.exit(f"the hub does not let {self._user} in: {status}")
        made = await self._ask("POST", f"/hub/api/users/{self._user}/tokens", {"note": "this visit"}, headers=self._form_headers())
        self._http.cookie_jar.clear()
        self._authorization = {"Authorization": f"token {made['token']}"}

    async def spawn(self) -> float:
        """Have a session; returns the seconds that it took."""
        began = time.monotonic()
        await self._ask("POST", f"/hub/api/users/{self._user}/server", {})
        while time.monotonic() - began < _SPAWN_S:
            known = await self._ask("GET", f"/hub/api/users/{self._user}")
            if known["servers"].get("", {}).get("ready"):
                return time.monotonic() - began
            await asyncio.sleep(_POLL_S)
        sys.exit(f"no session after {_SPAWN_S:.0f} s")

    async def run(self, cells: list[str]) -> None:
        """Run cells one after the other in one kernel; what they print is printed."""
        own = f"/user/{self._user}/api/kernels"
        kernel = (await self._ask("POST", own, {}))["id"]
        async with self._http.ws_connect(f"{own}/{kernel}/channels", headers=self._authorization, max_msg_size=0) as channel:
            for cell in cells:
                await asyncio.wait_for(_execute(channel, cell), _CELL_S)

    async def leave(self) -> None:
        """End the session."""
        await self._ask("DELETE", f"/hub/api/users/{self._user}/server")

    async def _enter(self, password: str) -> int:
        """The status that the login form's answer has."""
        self._http.cookie_jar.clear()
        async with self._http.get("/hub/login") as page:
            page.raise_for_status()
        form = {"username": self._user, "password": password, "_xsrf": self._xsrf()}
        async with self._http.post("/hub/login", data=form, allow_redirects=False) as answer:
            return answer.status

    def _xsrf(self) -> str:
        return next(each.value for each in self._http.cookie_jar if each.key == "_xsrf")

    def _form_headers(self) -> dict[str, str]:
        return {"X-XSRFToken": self._xsrf()}

    async def _ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        async with self._http.request(method, path, json=body, headers=headers or self._authorization) as answer:
            if not answer.ok:
                sys.exit(f"{method} {path}: {answer.status} {(await answer.text())[:400]}")
            return await answer.json(content_type=None)


async def _execute(channel: aiohttp.ClientWebSocketResponse, code: str) -> None:
    """One cell, by the messaging protocol of Jupyter's kernels."""
    ident = uuid.uuid4().hex
    header = {"msg_id": ident, "msg_type": "execute_request", "username": "", "session": ident, "version": "5.3", "date": ""}
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False, "stop_on_error": True}
    await channel.send_json({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"})
    waiting = {"idle", "reply"}
    while waiting:
        message = await channel.receive_json()
        if message["parent_header"].get("msg_id") != ident:
            continue
        kind, said = message["header"]["msg_type"], message["content"]
        if kind == "stream" and said["name"] == "stdout":
            print(said["text"], end="", flush=True)
        elif kind == "error":
            sys.exit("\n".join(["the cell failed:", *said["traceback"]]))
        elif kind == "execute_reply":
            waiting.discard("reply")
        elif kind == "status" and said["execution_state"] == "idle":
            waiting.discard("idle")


async def visit(url: str, user: str, password: str, cells: list[str], *, stay: bool) -> None:
    """See the module."""
    # The proxy is at an address here, without the TLS that the ingress controller has in front of it.
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=url)
    async with aiohttp.ClientSession(url, cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=None, sock_read=_CELL_S)) as http:
        own = Visit(http, user)
        await own.login(password)
        print(f"{user} is in; a wrong password was refused")
        print(f"a session in {await own.spawn():.1f} s", flush=True)
        await own.run(cells)
        if not stay:
            await own.leave()
            print("the session has ended")


def _password(kubectl: list[str]) -> str:
    """The one that the workspace's administrators share, where the site has no directory."""
    asked = [*kubectl, "get", "secret", "hub", "--output", "jsonpath={.data.login}"]
    return base64.b64decode(subprocess.run(asked, check=True, stdout=subprocess.PIPE).stdout).decode()


@contextmanager
def _way_in(kubectl: list[str]) -> Iterator[str]:
    """The URL of the workspace's proxy, for as long as it is entered."""
    asked = [*kubectl, "port-forward", "--address=127.0.0.1", "service/proxy", ":8000"]
    with subprocess.Popen(asked, stdout=subprocess.PIPE, text=True) as forwarding:
        try:
            assert forwarding.stdout is not None
            yield f"http://{forwarding.stdout.readline().split()[2]}"
        finally:
            forwarding.terminate()


def main(site: str, workspace: str, user: str, *cells: str, stay: bool) -> None:
    """See the module."""
    kubectl = [str(Path(sys.executable).with_name("infra-kit")), "lab", "kubectl", site, "--namespace", workspace]
    texts = [Path(each).read_text(encoding="utf-8") for each in cells]
    with _way_in(kubectl) as url:
        try:
            asyncio.run(visit(url, user, _password(kubectl), texts, stay=stay))
        except (aiohttp.ClientError, TimeoutError) as error:
            sys.exit(f"the workspace does not answer as it should: {error!r}")


if __name__ == "__main__":
    given = [each for each in sys.argv[1:] if each != "--stay"]
    main(*given, stay="--stay" in sys.argv)
