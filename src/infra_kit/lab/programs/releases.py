"""Official releases of the lab's programs: tried only where a checksum is pinned, given up where the network is closed."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.lab.programs.program import Program

_NOTICE_S = 3.0
"""Within which a closed network is noticed, name look-up included."""
_READ_S = 60.0


class Releases:
    """Downloads releases; once the network is found closed, no further one is tried.

    Args:
        architecture: as Go names it: amd64, arm64.
    """

    def __init__(self, architecture: str) -> None:
        """Nothing is contacted yet."""
        self._architecture = architecture
        self._closed = ""

    def download(self, program: Program, target: Path) -> str:
        """Fetch a program's release, check it, put the program at `target`.

        Args:
            program: which.
            target: the file to write.

        Returns:
            Why it is not there now; empty where it is.
        """
        pinned = program.sha256.get(self._architecture)
        if pinned is None:
            return f"no checksum is pinned for its {self._architecture} release, so that is not downloaded"
        if self._closed:
            return self._closed
        url = self._fill(program.release, program)
        content = self._fetch(url)
        if content is None:
            return self._closed
        if hashlib.sha256(content).hexdigest() != pinned:
            return f"the release at {url} does not have the pinned checksum and is not used"
        target.write_bytes(_member(content, self._fill(program.member, program)) if program.member else content)
        return ""

    def _fill(self, text: str, program: Program) -> str:
        return text.format(version=program.version, os="linux", arch=self._architecture)

    def _fetch(self, url: str) -> bytes | None:
        """The body, or None with the reason kept."""
        import httpx

        answered, done = threading.Event(), threading.Event()
        bodies: list[bytes] = []
        errors: list[str] = []

        def fetch() -> None:
            limits = httpx.Timeout(_READ_S, connect=_NOTICE_S)
            try:
                with httpx.stream("GET", url, follow_redirects=True, timeout=limits) as answer:
                    answered.set()
                    answer.raise_for_status()
                    bodies.append(answer.read())
            except Exception as error:  # noqa: BLE001  whatever it is, the build is the way then
                errors.append(str(error) or type(error).__name__)
            finally:
                answered.set()
                done.set()

        # A daemon: a name look-up that hangs can be neither cut short nor waited for.
        threading.Thread(target=fetch, name="release", daemon=True).start()
        if answered.wait(_NOTICE_S):
            done.wait()
        if bodies:
            return bodies[0]
        self._closed = f"{url} cannot be reached ({errors[0] if errors else f'no answer within {_NOTICE_S:.0f} s'})"
        return None


def _member(archive: bytes, path: str) -> bytes:
    """One file of a tar archive.

    Raises:
        KeyError: it has no such file.
    """
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        file = opened.extractfile(path)
        if file is None:
            raise KeyError(path)
        return file.read()
