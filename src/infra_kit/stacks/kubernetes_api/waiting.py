"""Bounded, interruptible waiting for an object of a cluster: until it is ready."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import AuthenticationError, DeviceError, NotReadyError, UnreachableError
from infra_kit.plan.interruption import WaitInterruptedError
from infra_kit.plan.resource import never
from infra_kit.stacks.kubernetes_api.answers import ExpiredError, NotFoundError
from infra_kit.stacks.kubernetes_api.client import label
from infra_kit.stacks.kubernetes_api.diagnosis import Diagnosis, diagnose, refused_pods
from infra_kit.stacks.kubernetes_api.outage import AwayError
from infra_kit.stacks.kubernetes_api.readiness import kind_of, limit_s, state_of
from infra_kit.stacks.kubernetes_api.state import Failed, Ready, State, Waiting

if TYPE_CHECKING:
    from infra_kit.stacks.kubernetes_api.client import KubernetesReader

Object = Mapping[str, Any]


@dataclass(slots=True)
class Patience:
    """How long is waited, in seconds."""

    watch_s: float = 1.0
    """For one watch: so long nobody looks whether the run was told to stop."""
    refusal_grace_s: float = 15.0
    """For which a refusal that may heal (a quota, while another pod goes) is borne."""
    inspect_s: float = 5.0
    """Between two looks at the pods and events of what is not ready."""
    away_s: float = 60.0
    """For which an API server is borne that answers, but only that it fails; one that is silent is given up sooner (see `outage`)."""
    pause_s: float = 0.25
    """Between two tries while it does not answer."""


PATIENCE = Patience()


def silent(_text: str) -> None:
    """Tell nobody."""


def wait_ready(
    client: KubernetesReader,
    live: Object,
    *,
    within_s: float | None = None,
    progress: Callable[[str], None] = silent,
    interrupted: Callable[[], bool] = never,
) -> Object:
    """Wait until an object is ready; one that is already costs no request.

    Args:
        client: to watch it with.
        live: the object as the API server returned it last.
        within_s: at most so long; None: the limit of its kind.
        progress: told how far it is, at each look.
        interrupted: whether to stop; asked each second at least.

    Returns:
        The object as it is now.

    Raises:
        NotReadyError: not in time, or never; names the worst pod and its last event.
        UnreachableError: the API server has been given up, or has failed for a minute.
        WaitInterruptedError: the run was told to stop.
    """
    return _Wait(client, dict(live), limit_s(live) if within_s is None else within_s, progress, interrupted).run()


@dataclass(slots=True)
class _Wait:
    client: KubernetesReader
    live: dict[str, Any]
    limit: float
    progress: Callable[[str], None]
    interrupted: Callable[[], bool]
    begun: float = field(default_factory=time.monotonic)
    refused_since: float | None = None
    inspected: float | None = None
    away_since: float | None = None
    refusal: str = ""

    @property
    def what(self) -> str:
        metadata = self.live["metadata"]
        return label(self.live["kind"], metadata.get("namespace") or "", metadata["name"])

    def run(self) -> dict[str, Any]:
        for answered in self._looks():
            try:
                state = self._state() if answered else Waiting("the API server does not answer")
            except AwayError:
                raise
            except UnreachableError:
                state = Waiting("the API server does not answer")
            if isinstance(state, Ready):
                return self.live
            self._weigh(state)
        raise AssertionError  # there is always another look

    def _state(self) -> State:
        state = state_of(self.live)
        if isinstance(state, Waiting) and kind_of(self.live) == ("", "PersistentVolumeClaim"):
            return state_of(self.live, first_consumer=self._binds_late())
        if isinstance(state, Ready) and self.live["kind"] == "CustomResourceDefinition":
            return state if self._served() else Waiting("the API server does not serve it yet")
        return state

    def _weigh(self, state: Waiting | Failed) -> None:
        """Tell how far it is; end the waiting where it is told to stop, hopeless or too long."""
        if self.interrupted():
            raise WaitInterruptedError(
                self.client.device,
                f"interrupted while waiting for {self.what}: {state.why}",
                remedy="`infra-kit apply --resume` goes on from there",
            )
        if isinstance(state, Failed) and not state.may_heal:
            raise self._not_ready(f"{self.what}: {state.why}")
        self._inspect(state)
        now = time.monotonic()
        why = self.refusal or state.why
        if self.refusal or isinstance(state, Failed):
            self.refused_since = self.refused_since or now
            if now - self.refused_since >= PATIENCE.refusal_grace_s:
                raise self._not_ready(f"{self.what}: {why}", told=True)
        else:
            self.refused_since = None
        if now - self.begun >= self.limit:
            raise self._not_ready(f"{self.what} is not ready after {self.limit:.0f} s: {why}")
        self.progress(f"{self.what}: {why}")

    def _inspect(self, state: Waiting | Failed) -> None:
        """Now and then look for pods that are refused, which most workloads tell in events alone."""
        now = time.monotonic()
        if isinstance(state, Failed) or now - max(self.begun, self.inspected or 0.0) < PATIENCE.inspect_s:
            return
        self.inspected = now
        try:
            refused = refused_pods(self.client, self.live)
        except (AwayError, AuthenticationError):
            raise
        except DeviceError:
            return  # without the right to read events the limit still holds
        self.refusal = f"its pods are refused: {refused}" if refused else ""

    def _looks(self) -> Iterator[bool]:
        """The object as it was given, then whenever it changes, and each second: whether the API server answers."""
        yield True
        while True:
            metadata, seen = self.live["metadata"], False
            try:
                # Without a version the object comes first as it is now: nothing is missed, and no version grows too old.
                for event in self.client.watch(
                    self.live["apiVersion"], self.live["kind"], metadata.get("namespace"), metadata["name"], timeout_s=PATIENCE.watch_s
                ):
                    seen = True
                    self._take(event)
                    self.away_since = None
                    yield True
            except ExpiredError:
                continue
            except (WaitInterruptedError, NotReadyError, AuthenticationError, AwayError):
                raise
            except DeviceError as error:
                # A server that comes back answers a moment with 403 and 404, until it has read its own rules and definitions.
                if self.away_since is None and not isinstance(error, UnreachableError):
                    raise
                self._bear_silence()
                yield False
                continue
            if not seen and self._is_gone():
                raise self._gone()
            yield True

    def _is_gone(self) -> bool:
        """Ask, where a watch showed nothing: a server that has just started may be slow to show what there is."""
        metadata = self.live["metadata"]
        try:
            found = self.client.get(self.live["apiVersion"], self.live["kind"], metadata.get("namespace") or "", metadata["name"])
        except AwayError:
            raise
        except UnreachableError:
            return False
        return found is None or found["metadata"]["uid"] != metadata["uid"]

    def _take(self, event: Mapping[str, Any]) -> None:
        found = event["object"]
        if found["metadata"]["uid"] != self.live["metadata"]["uid"]:
            raise self._gone()
        self.live = {**found, "apiVersion": self.live["apiVersion"], "kind": self.live["kind"]}
        # A Job with a time to live ends and goes in one moment: what counts is how it ended.
        if event["type"] == "DELETED" and not isinstance(state_of(_alive(found)), Ready):
            raise self._gone()

    def _bear_silence(self) -> None:
        now = time.monotonic()
        self.away_since = self.away_since or now
        if now - self.away_since >= PATIENCE.away_s:
            raise UnreachableError(
                self.client.device,
                f"the API server has not answered for {PATIENCE.away_s:.0f} s while {self.what} was waited for",
                remedy="`infra-kit apply --resume` goes on from there once it answers",
            )
        time.sleep(PATIENCE.pause_s)

    def _binds_late(self) -> bool:
        name = (self.live.get("spec") or {}).get("storageClassName")
        found = self.client.get("storage.k8s.io/v1", "StorageClass", "", name) if name else None
        return bool(found) and (found or {}).get("volumeBindingMode") == "WaitForFirstConsumer"

    def _served(self) -> bool:
        spec = self.live["spec"]
        version = next((each["name"] for each in spec["versions"] if each.get("served")), None)
        if version is None:
            return True
        self.client.forget_resources()
        try:
            self.client.list(f"{spec['group']}/{version}", spec["names"]["kind"], metadata_only=True)
        except NotFoundError:
            return False
        return True

    def _not_ready(self, what: str, *, told: bool = False) -> NotReadyError:
        """With what its pods and events say, unless that is `told` already."""
        found = Diagnosis() if told else diagnose(self.client, self.live)
        metadata = self.live["metadata"]
        where = f"-n {metadata['namespace']} " if metadata.get("namespace") else ""
        subject = f"pod {found.pod}" if found.pod else f"{self.live['kind'].lower()} {metadata['name']}"
        more = "" if not str(found) or str(found).removeprefix("last event: ").partition(": ")[2] in what else f"; {found}"
        return NotReadyError(
            self.client.device,
            f"{what}{more}",
            remedy=f"`kubectl {where}describe {subject}` shows more; when it is mended, `infra-kit apply --resume` waits for it again",
        )

    def _gone(self) -> NotReadyError:
        return NotReadyError(
            self.client.device, f"{self.what} was deleted by another hand while it was waited for", remedy="apply again creates it anew"
        )


def _alive(found: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in found["metadata"].items() if key != "deletionTimestamp"}
    return {**found, "metadata": metadata}
