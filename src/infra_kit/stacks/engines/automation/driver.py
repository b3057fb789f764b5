"""The child process in which Pulumi runs: `python -m infra_kit.stacks.engines.automation.driver`.

It is told the place and the stack, and then what to do, as one JSON document a line on standard input; it answers on what was standard
output. Passphrase and token come by that pipe and go on to Pulumi in files of memory, which only processes of the same user can open
and which are gone with this one.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from infra_kit.inventory.errors import InfraKitError
from infra_kit.stacks.engines.automation.child import of_session
from infra_kit.stacks.engines.automation.gate import Gate, NotReleasedError, identity
from infra_kit.stacks.engines.automation.reduction import members, reduced
from infra_kit.stacks.programs.exchange import take_over

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi.automation import EngineEvent, Stack

_LAST_GRACE_S = 20.0
"""For Pulumi to end in good order once whoever asked is gone."""


class Driver:
    """Answers orders one by one, on one stack."""

    def __init__(self, tell: Callable[[Mapping[str, Any]], None], place: Mapping[str, Any], program: Callable[[], None]) -> None:
        """Nothing is run yet."""
        self._tell = tell
        self._place = place
        self._program = program
        self.gate = Gate(lambda name: tell({"asked": list(name)}))
        self._known: list[dict[str, Any]] | None = None
        self._urns: dict[tuple[str, ...], str] = {}
        self._files = [_in_memory("passphrase", place["passphrase"]), _in_memory("kubeconfig", place["kubeconfig"])]
        self._stack = self._open()

    def carry_out(self, order: Mapping[str, Any]) -> None:
        """One order; its last line is an `answer`."""
        self.gate.know({(each["type"], each["name"]): each["manifest"] for each in order.get("objects", ())})
        failure = ""
        try:
            getattr(self, f"_{order['do']}")(order)
        except Exception as error:  # noqa: BLE001  whatever Pulumi's program said is told to the parent, which knows what to make of it
            failure = _words(error)
        if order["do"] in {"up", "destroy"}:
            self._known = None
        # After an `up` nobody may want to know: it costs another start of Pulumi's program.
        unknown = order["do"] in {"up", "cancel"} or (order["do"] == "state" and failure)
        found = None if unknown else self._members()
        self._tell({"answer": {"error": failure, "members": found}})

    def forget(self) -> None:
        """Another may have changed the state since."""
        self._known = None

    def _state(self, _order: Mapping[str, Any]) -> None:
        """The answer has it."""
        self._members(strict=True)

    def _preview(self, _order: Mapping[str, Any]) -> None:
        self._members()
        self._stack.preview(refresh=True, on_event=self._on_event, color="never")

    def _up(self, order: Mapping[str, Any]) -> None:
        self._members()
        self._stack.up(
            refresh=True,
            target=order["targets"],
            on_event=self._on_event,
            color="never",
            continue_on_error=True,
            show_secrets=False,
            suppress_outputs=True,
            suppress_progress=True,
        )

    def _destroy(self, order: Mapping[str, Any]) -> None:
        self._stack.destroy(target=order["targets"], on_event=self._on_event, color="never", continue_on_error=True, show_secrets=False)

    def _cancel(self, _order: Mapping[str, Any]) -> None:
        self._stack.cancel()

    def _members(self, *, strict: bool = False) -> list[dict[str, Any]]:
        """What is in the state; asked for once after each change."""
        if self._known is None:
            found = []
            # Unless it is what was asked for, a locked or broken state shows in what is asked of it next.
            with contextlib.suppress(*(() if strict else (Exception,))):
                found = list(members(self._stack.export_stack()))
            self._known = found
            self._urns = {_identity(each): each["urn"] for each in found}
        return self._known

    def _on_event(self, event: EngineEvent) -> None:
        said = reduced(event)
        if said is not None:
            self._tell({"event": said})

    def _open(self) -> Stack:
        from pulumi import automation

        place = self._place
        passphrase, kubeconfig = self._files
        options = automation.LocalWorkspaceOptions(
            work_dir=place["work"],
            pulumi_home=place["home"],
            secrets_provider="passphrase",
            project_settings=automation.ProjectSettings(
                name=place["project"], runtime="python", backend=automation.ProjectBackend(url=place["backend"])
            ),
            env_vars={
                "PULUMI_BACKEND_URL": place["backend"],
                "PULUMI_CONFIG_PASSPHRASE_FILE": passphrase,
                "KUBECONFIG": kubeconfig,
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
                "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY": "true",
                "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE": "true",
                "PULUMI_K8S_ENABLE_SECRET_MUTABLE": "true",
                "PULUMI_K8S_UPSERT_EXISTING_OBJECTS": "true",
                "PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS": "true",
            },
        )
        return automation.create_or_select_stack(place["stack"], project_name=place["project"], program=self._run_program, opts=options)

    def _run_program(self) -> None:
        import pulumi

        pulumi.runtime.register_stack_transformation(self.gate.transformation(self._urns))
        self._program()


def main() -> None:
    """Answer until standard input ends."""
    asked, answers = take_over()
    # What is told comes from several threads.
    guard = threading.Lock()

    def tell(document: Mapping[str, Any]) -> None:
        with guard, contextlib.suppress(BrokenPipeError):
            answers.write(json.dumps(document, separators=(",", ":")) + "\n")
            answers.flush()

    # A stop is sent to the whole group, and is meant for Pulumi.
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
    first = asked.readline()
    if not first:
        return
    try:
        driver = _driver(tell, json.loads(first))
    except InfraKitError as error:
        tell({"answer": {"error": str(error), "members": []}})
        return
    except Exception as error:  # noqa: BLE001  as above
        tell({"answer": {"error": _words(error), "members": []}})
        return
    tell({"answer": {"error": "", "members": []}})
    orders: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked, driver, orders), daemon=True).start()
    while True:
        driver.carry_out(orders.get())


def _driver(tell: Callable[[Mapping[str, Any]], None], start: Mapping[str, Any]) -> Driver:
    def nothing() -> None:
        """The stack has left the inventory."""

    program: Callable[[], None] = nothing
    if start["site"] is not None:
        from infra_kit.inventory.load import load_site
        from infra_kit.stacks.programs.exchange import SiteStamp, stack_of
        from infra_kit.stacks.programs.source import program_of

        stamp = SiteStamp(**start["site"])
        site = load_site(Path(stamp.folder))
        stamp.require(site)
        program = program_of(stack_of(start["stack"]), site)
    return Driver(tell, start["place"], program)


def _listen(asked: IO[str], driver: Driver, orders: queue.SimpleQueue[Mapping[str, Any]]) -> None:
    for line in asked:
        order = json.loads(line)
        if "release" in order:
            type_, name = order["release"]
            driver.gate.release((type_, name), order["manifest"])
        elif order["do"] == "close":
            driver.gate.close()
        elif order["do"] == "forget":
            driver.forget()
        else:
            # Here, not where it is carried out: what is released comes right behind it.
            driver.gate.hold((type_, name) for type_, name in order.get("held", ()))
            orders.put(order)
    try:
        _end(driver)
    finally:  # whatever goes wrong: nobody is there any more to end this process
        os._exit(0)


def _end(driver: Driver) -> None:
    """Whoever asked has ended: Pulumi is told to end in good order, so that it leaves no lock and no half-written state."""
    os.killpg(0, signal.SIGINT)
    with contextlib.suppress(RuntimeError):  # what waited belonged to a run that has ended
        driver.gate.close()
    end = time.monotonic() + _LAST_GRACE_S
    while time.monotonic() < end and _others():
        time.sleep(0.05)
    for pid in _others():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _others() -> list[int]:
    """What this process has started, and what that has."""
    return [pid for pid in of_session(os.getpid()) if pid != os.getpid()]


def _in_memory(name: str, text: str) -> str:
    """A file that is in memory alone; how a process of the same user opens it."""
    handle = os.memfd_create(name)
    os.write(handle, text.encode())
    return f"/proc/{os.getpid()}/fd/{handle}"


def _identity(member: Mapping[str, Any]) -> tuple[str, ...]:
    metadata = {"namespace": member["namespace"], "name": member["object"]}
    return identity({"apiVersion": member["api_version"], "kind": member["kind"], "metadata": metadata})


def _words(error: BaseException) -> str:
    """What an error says; of what Pulumi's program wrote, the end."""
    if isinstance(error, NotReleasedError):
        return ""
    return "".join(traceback.format_exception_only(error)).strip()


if __name__ == "__main__":
    main()
    sys.exit(0)
