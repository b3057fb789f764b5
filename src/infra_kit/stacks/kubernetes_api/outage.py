"""Whether an API server answers, and takes the token: what one request finds out, all who ask it know.

A server that has answered is given a while to come back, so that its restart fails nothing. One that stays away is then given up: whatever
else would be asked fails at once, without its being asked, but for one request now and then that finds out whether it is back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import AuthenticationError, UnreachableError

if TYPE_CHECKING:
    from infra_kit.inventory.errors import DeviceError

PATIENCE_S = 30.0
"""For so long a server that has answered before may be silent: a restart takes some ten seconds, and a resumption costs little."""
PROBE_S = 5.0
"""So often a server that was given up may be asked by one request."""
TRIES = 4
"""For a request to a server that has never answered, or that answers others."""
_MOST_TRIES = 20
"""For a request that fails again and again while the server answers others now and then."""


class AwayError(UnreachableError):
    """The server was given up: waiting for it any longer is of no use."""


class Outage:
    """What is known of one server. For many threads.

    Args:
        device: its name, for messages.
        clock: seconds, never running backwards.
    """

    def __init__(self, device: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing was asked yet."""
        self._device = device
        self._clock = clock
        self._guard = threading.Lock()
        self._entrance = threading.Lock()
        self._answered: float | None = None
        self._silent_since: float | None = None
        self._tried: float | None = None
        """When a server that was given up was asked last."""
        self._refused = False

    @property
    def silent(self) -> bool:
        """Whether what was asked last was not answered."""
        return self._silent_since is not None

    @property
    def _known(self) -> bool:
        return self._answered is not None or self._tried is not None or self._refused

    @contextmanager
    def alone_at_first(self) -> Iterator[None]:
        """Ask alone, as long as nobody knows whether there is a server that takes the token: it is not to be refused many times at once."""
        if not self._known:
            with self._entrance:
                if not self._known:
                    yield
                    return
        yield

    def admit(self) -> None:
        """Let a request through.

        Raises:
            AuthenticationError: the token was refused before.
            AwayError: the server was given up.
        """
        with self._guard:
            if self._refused:
                raise self._not_taken()
            if self._tried is None:
                return
            if self._clock() - self._tried < PROBE_S:
                raise self._given_up()
            self._tried = self._clock()

    def answered(self) -> None:
        """The server has answered."""
        with self._guard:
            self._answered, self._silent_since, self._tried = self._clock(), None, None

    def refused(self, error: AuthenticationError) -> AuthenticationError:
        """The server has refused the token: what is to be raised. Only the first to hear it says all that is known."""
        with self._guard:
            first, self._refused = not self._refused, True
            return error if first else self._not_taken()

    def silence(self, error: DeviceError, began: float, tries: int) -> DeviceError | None:
        """A request was not answered: what is to be raised, or None where it may be tried again.

        Args:
            error: what it failed with.
            began: when it was sent, in seconds of the monotonic clock.
            tries: how often it has been sent.
        """
        with self._guard:
            now = self._clock()
            if self._tried is not None:
                self._tried = now
                return self._given_up()
            if self._silent_since is None:
                self._silent_since = max(began, self._answered or began)
            if tries >= _MOST_TRIES or (tries >= TRIES and self._answered is not None and self._answered > began):
                return error  # it answers others
            if self._answered is None:
                if tries < TRIES:
                    return None
                self._tried = now
                return AwayError(self._device, error.what, remedy=error.remedy)
            silent_s = now - self._silent_since
            if silent_s < PATIENCE_S:
                return None
            self._tried = now
            return AwayError(self._device, f"the API server has not answered for {silent_s:.0f} s: {error.what}", remedy=error.remedy)

    def _given_up(self) -> AwayError:
        return AwayError(self._device, "the API server does not answer, and was not asked again")

    def _not_taken(self) -> AuthenticationError:
        return AuthenticationError(self._device, "the API server does not take the token, and was not asked again")
