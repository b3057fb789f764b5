"""The key that the lab signs its packages' index with: made once, in the user's cache, worth nothing outside of the lab."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from infra_kit.lab.mirror.packages.running import run

_NAME = "infra-kit lab packages"


class SigningKey:
    """A key of GnuPG's.

    Args:
        home: its folder; made, with the key, where it is not there.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        if not (home / "public.asc").exists():
            self._make()

    @property
    def public(self) -> bytes:
        """The public half, as text (ASCII armor), which apt's `signed-by` reads."""
        return (self._home / "public.asc").read_bytes()

    def sign(self, text: str) -> str:
        """The text with a signature around it (RFC 9580, section 7), as InRelease has it."""
        with tempfile.TemporaryDirectory(dir=self._home) as scratch:
            plain, signed = Path(scratch, "plain"), Path(scratch, "signed")
            plain.write_text(text)
            self._gpg("--output", str(signed), "--digest-algo", "SHA256", "--clearsign", str(plain))
            return signed.read_text()

    def _make(self) -> None:
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._gpg("--passphrase", "", "--quick-generate-key", _NAME, "rsa3072", "sign", "never")
        public = self._gpg("--armor", "--export", _NAME)
        fresh = self._home / ".public.asc"
        fresh.write_text(public)
        fresh.rename(self._home / "public.asc")

    def _gpg(self, *arguments: str) -> str:
        # Its agent's sockets are in its folder, and the path of a socket has 107 characters at most: a short name for the folder.
        with tempfile.TemporaryDirectory(prefix="ik-") as scratch:
            home = Path(scratch) / "k"
            home.symlink_to(self._home.resolve())
            try:
                return run(["gpg", "--homedir", str(home), "--batch", "--yes", "--quiet", *arguments], package="gpg")
            finally:
                _end_agent(home)


def _end_agent(home: Path) -> None:
    """Else the agent that gpg starts would keep running for the folder."""
    if shutil.which("gpgconf"):
        run(["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"], package="gpgconf")


def can_sign() -> bool:
    """Whether GnuPG is there; without it hosts have to trust the mirror as it is."""
    return shutil.which("gpg") is not None
