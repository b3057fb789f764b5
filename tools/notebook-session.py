"""One user's visit to a workspace: logs in at the hub, has a session spawned, runs cells in it, ends it.

Usage: notebook-session.py URL USER PASSWORD_FILE CELL...
URL is where the hub's proxy answers, CELL a Python file whose text is run in the session's kernel. What the cells print is printed. Ends
with 1 and a message when anything of it does not work.
"""

from __future__ import annotations

import asyncio
import sys
import time
import uuid
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

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


async def visit(url: str, user: str, password: str, cells: list[str]) -> None:
    """See the module."""
    # The proxy is at an address here, without the TLS that the ingress controller has in front of it.
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=url)
    async with aiohttp.ClientSession(url, cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=None, sock_read=_CELL_S)) as http:
        own = Visit(http, user)
        await own.login(password)
        print(f"{user} is in; a wrong password was refused")
        print(f"a session in {await own.spawn():.1f} s", flush=True)
        await own.run(cells)
        await own.leave()
    print("the session has ended")


if __name__ == "__main__":
    _, _url, _user, _password_file, *_cells = sys.argv
    texts = [Path(each).read_text(encoding="utf-8") for each in _cells]
    asyncio.run(visit(_url, _user, Path(_password_file).read_text(encoding="utf-8").strip(), texts))
