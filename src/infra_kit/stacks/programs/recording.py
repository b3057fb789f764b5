"""Pulumi's in-process monitor, told to keep what a program registers: the one place that knows the SDK from the inside.

The SDK runs a program against whatever monitor it is given (`pulumi.runtime.set_mocks(..., monitor=...)`, meant for tests). Ours
answers each registration with the inputs themselves, so that `namespace.metadata.name` is known at once, and keeps the request, because
only the request has the options (dependencies, ignored changes, time-outs, parent). Beyond the public functions this rests on

- `pulumi.runtime.mocks.MockMonitor`, whose methods are named like those of Pulumi's ResourceMonitor service,
- `pulumi.runtime.stack.run_pulumi_func`, which runs a program and waits for all that it began,
- `pulumi.runtime.settings.SETTINGS.outputs`, where a program that failed leaves what it had begun,
- the messages of `pulumi.runtime.proto`, which are Pulumi's wire protocol.

`tests/stacks/programs/test_recording.py` says so when a new SDK has moved one of them.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.stack import run_pulumi_func

from infra_kit.inventory.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Callable

_PROJECT = "infra-kit"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key that marks a value as more than a plain one, in Pulumi's wire protocol (sdk/proto, "special signatures")."""
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  the mark of a secret, not one
_STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True, slots=True)
class Registration:
    """A resource as a program registered it."""

    urn: str
    type: str
    name: str
    parent: str
    """URN of its parent; empty where that is the stack itself."""
    custom: bool
    """Whether a provider makes it; else it is a component."""
    inputs: dict[str, Any]
    """With the provider's own names (camelCase); secrets unwrapped."""
    dependencies: frozenset[str]
    """URNs, those of implicit dependencies among them."""
    ignored: tuple[str, ...]
    retain: bool
    create_timeout: str
    refused: tuple[str, ...]
    """Options it was given that only a real Pulumi engine can honour."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a program did: its resources in the order in which it makes them, and what it exports."""

    registrations: tuple[Registration, ...]
    outputs: dict[str, Any] = field(default_factory=dict)


def record(program: Callable[[], None], stack: str) -> Recording:
    """Run a program and keep what it registers.

    Args:
        program: makes resources.
        stack: the stack's name, as the program sees it.

    Raises:
        ProgramError: it asks for something that only a running cluster or provider could answer.
        Exception: whatever the program raises.
    """
    # The SDK makes a hundred objects that refer to each other for each resource. Python's cycle collector would walk through all of
    # them over and over: without it 1000 resources take 1.9 s, with it 5.5 s, and the process grows by 7 MB.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return asyncio.run(_run(program, stack))
    finally:
        if was_enabled:
            gc.enable()


async def _run(program: Callable[[], None], stack: str) -> Recording:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(_Inline(1))
    # One failure makes many more in what waited for it: the first is raised, the others are not worth a line each on standard error.
    loop.set_exception_handler(lambda _loop, _context: None)
    mocks = _Unasked()
    monitor = _Recorder(mocks)
    quiet = logging.getLogger(__name__)
    quiet.disabled = True
    # Inside the running loop: what it sets belongs to this program alone.
    SETTINGS.outputs.clear()
    pulumi.runtime.set_mocks(mocks, _PROJECT, stack, preview=False, logger=quiet, monitor=monitor)
    places: dict[tuple[str, str], int] = {}

    def note(made: pulumi.ResourceTransformationArgs) -> None:
        places.setdefault((made.type_, made.name), len(places))

    pulumi.runtime.register_stack_transformation(note)
    await run_pulumi_func(program)
    # Registrations come in whatever order their dependencies resolve in, which differs from run to run; the program's own does not.
    registrations = sorted(monitor.registrations.values(), key=lambda each: (places[each.type, each.name], each.urn))
    return Recording(tuple(registrations), await _exports())


async def _exports() -> dict[str, Any]:
    root: Any = pulumi.runtime.get_root_resource()
    found: dict[str, Any] = {}
    for name, value in root.outputs.items():
        output: pulumi.Output[Any] = pulumi.Output.from_input(value)
        found[name] = "(secret)" if await output.is_secret() else await output.future()
    return found


class _Inline(ThreadPoolExecutor):
    """Runs at once what the SDK would have a thread do: the monitor is a function call, and the order of registrations stays the same."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  it is raised where the result is asked for
            future.set_exception(error)
        return future


class _Unasked(pulumi.runtime.Mocks):
    """What the monitor below never asks."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> NoReturn:
        raise NotImplementedError(args.typ)

    def call(self, args: pulumi.runtime.MockCallArgs) -> NoReturn:
        raise NotImplementedError(args.token)


class _Recorder(MockMonitor):
    """Keeps each registration, and answers it."""

    def __init__(self, mocks: pulumi.runtime.Mocks) -> None:
        super().__init__(mocks)
        self.registrations: dict[str, Registration] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  the name in Pulumi's protocol
        """Keep it; its outputs are its inputs."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == _STACK:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if urn in self.registrations:
            raise ProgramError(f"two resources of type {request.type} are called {request.name}", remedy="give them different Pulumi names")
        inputs = {name: _plain(request.object.fields[name], f"{request.name}.{name}") for name in sorted(request.object.fields)}
        self.registrations[urn] = Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent if request.parent in self.registrations else "",
            custom=request.custom,
            inputs=inputs,
            dependencies=frozenset(request.dependencies),
            ignored=tuple(request.ignoreChanges),
            retain=request.retainOnDelete,
            create_timeout=request.customTimeouts.create,
            refused=_refused(request),
        )
        # The SDK takes what is not in the answer from the inputs.
        return resource_pb2.RegisterResourceResponse(urn=urn, id=_id(inputs) if request.custom else "")

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """As Pulumi's engine makes it: with the types of all components that it is in, so that equal names in unlike ones differ."""
        outer = parent.split("::")[2] if parent else _STACK
        qualified = type_ if outer == _STACK else f"{outer}${type_}"
        return "::".join((f"urn:pulumi:{pulumi.get_stack()}", pulumi.get_project(), qualified, name))

    def Invoke(self, request: Any) -> NoReturn:  # noqa: N802
        """Refuse: there is no provider."""
        raise ProgramError(f"the program calls `{request.tok}`, which only a running provider can answer", remedy="compute it in Python")

    def ReadResource(self, request: Any) -> NoReturn:  # noqa: N802
        """Refuse: what is on the cluster is the engine's to read."""
        raise ProgramError(
            f"the program reads {request.type} `{request.name}` from the cluster",
            remedy="a program sees the inventory alone, not the cluster",
        )

    def ExistsResource(self, request: Any) -> NoReturn:  # noqa: N802
        """Refuse, as a read."""
        self.ReadResource(request)


def revealed(value: Any) -> Any:
    """A value as a transform is given it, without the mark that makes it a secret."""
    return value["value"] if isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET else value


def _refused(request: Any) -> tuple[str, ...]:
    given = {
        "protect": request.protect,
        "import_": request.importId,
        "replace_on_changes": request.replaceOnChanges,
        "deleted_with": request.deletedWith,
        "transforms": request.transforms,
        "provider": request.provider,
    }
    return tuple(name for name, value in given.items() if value)


def _id(inputs: dict[str, Any]) -> str:
    """As the Kubernetes provider makes it: `namespace/name`."""
    metadata = inputs.get("metadata") or {}
    return "/".join(str(metadata[part]) for part in ("namespace", "name") if metadata.get(part)) or "unnamed"


def _plain(value: Any, place: str) -> Any:
    """A value of Pulumi's wire protocol as JSON has it.

    Raises:
        ProgramError: it is an asset, an archive, or another resource.
    """
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        if _SIGNATURE not in fields:
            return {name: _plain(fields[name], f"{place}.{name}") for name in sorted(fields)}  # the protocol's own order is none
        if fields[_SIGNATURE].string_value != _SECRET:
            raise ProgramError(
                f"{place} is an asset, an archive or another resource, which no Kubernetes object can hold",
                remedy="give it a field of the other resource, such as `namespace.metadata.name`",
            )
        return _plain(fields["value"], place)
    if kind == "list_value":
        return [_plain(item, f"{place}[{number}]") for number, item in enumerate(value.list_value.values)]
    if kind == "number_value":
        # The protocol has floating point numbers only; no field of Kubernetes tells 3 from 3.0.
        number = value.number_value
        return int(number) if number.is_integer() else number
    return None if kind == "null_value" else getattr(value, kind)
