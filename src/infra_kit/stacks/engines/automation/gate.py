"""Between a stack's program and Pulumi: each object is held until the plan's step for it comes, and then is what that step agreed to.

The program says what there is, what is in what and what comes first. What each object is like was decided before, when the plan was made
from the same program: it comes from the parent process, secrets resolved, at the moment when Pulumi may have it.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pulumi

from infra_kit.inventory.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Iterable

Name = tuple[str, str]
"""Pulumi's type and the logical name: unique in a program."""
Manifest = Mapping[str, Any]

_KUBERNETES = "kubernetes:"
_SECRET = frozenset({"data", "stringData"})
_DELETED_WITHIN = "3s"
"""Most objects are gone by then, and Pulumi need not be asked twice."""
_WORD = re.compile(r"_([a-z])")


class NotReleasedError(Exception):
    """The run ended before the plan came to that object."""


class Gate:
    """Knows what each object of a program is to be, and when Pulumi may have it. For one program at a time.

    Args:
        asked: told the name of each object that comes to it and is held.
    """

    def __init__(self, asked: Callable[[Name], None]) -> None:
        """Nothing is held yet."""
        self._asked = asked
        self._guard = threading.Lock()
        self._manifests: dict[Name, Manifest] = {}
        self._held: set[Name] = set()
        self._released: dict[Name, Manifest] = {}
        self._closed = False
        self._waiting: dict[Name, tuple[asyncio.AbstractEventLoop, asyncio.Future[Manifest]]] = {}

    def know(self, manifests: Mapping[Name, Manifest]) -> None:
        """Every object of the program, as it is to be where the plan has nothing to do."""
        self._manifests = dict(manifests)

    def hold(self, names: Iterable[Name]) -> None:
        """These wait until they are released; what was held before is forgotten."""
        with self._guard:
            self._held, self._released, self._closed = set(names), {}, False
            self._waiting.clear()

    def release(self, name: Name, manifest: Manifest) -> None:
        """Pulumi may have this object now, and it is like this."""
        with self._guard:
            self._released[name] = manifest
            waiting = self._waiting.pop(name, None)
        if waiting is not None:
            loop, future = waiting
            loop.call_soon_threadsafe(_resolve, future, manifest)

    def close(self) -> None:
        """Nothing more is released: what still waits fails, and with it the program."""
        with self._guard:
            self._closed = True
            waiting, self._waiting = list(self._waiting.items()), {}
        for name, (loop, future) in waiting:
            loop.call_soon_threadsafe(_refuse, future, name)

    async def pass_through(self, name: Name) -> Manifest:
        """What an object is like, once Pulumi may have it.

        Raises:
            NotReleasedError: the run ended before.
        """
        if name not in self._held:
            return self._manifests[name]
        self._asked(name)
        with self._guard:
            if name in self._released:
                return self._released[name]
            if self._closed:
                raise NotReleasedError(name[1])
            loop = asyncio.get_running_loop()
            future: asyncio.Future[Manifest] = loop.create_future()
            self._waiting[name] = loop, future
        return await future

    def transformation(self, urns: Mapping[tuple[str, ...], str]) -> Callable[[pulumi.ResourceTransformationArgs], Any]:
        """What is done to each resource that the program makes, before Pulumi hears of it.

        Args:
            urns: what is in the stack's state: (apiVersion's group, kind, namespace, name) -> URN. An object that the program now calls
                otherwise is the same object.
        """

        def change(made: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
            if not made.type_.startswith(_KUBERNETES):
                return None
            name = (made.type_, made.name)
            known = self._manifests.get(name)
            if known is None:
                raise ProgramError(f"the program makes {made.type_} `{made.name}`, which it did not make when it was planned")
            held = asyncio.ensure_future(self.pass_through(name))
            props = {key: self._property(key, value, held, known) for key, value in made.props.items()}
            covered = {_camel(key) for key in made.props}
            props |= {key: self._property(key, None, held, known) for key in known if key not in covered}
            opts = made.opts
            urn = urns.get(identity(known))
            if urn is not None and urn.rpartition("::")[2] != made.name:
                opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[urn]))
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(custom_timeouts=_impatient(opts.custom_timeouts)))
            return pulumi.ResourceTransformationResult(props, opts)

        return change

    def _property(self, key: str, original: Any, held: asyncio.Future[Manifest], known: Manifest) -> Any:
        wire = _camel(key)

        async def value() -> Any:
            return (await held).get(wire)

        async def needs() -> set[pulumi.Resource]:
            # What the program's own value came from is still what this object comes after.
            return set() if original is None else set(await pulumi.Output.from_input(original).resources())

        async def secret() -> bool:
            # A secret nothing would still be something.
            return known.get("kind") == "Secret" and wire in _SECRET and (await held).get(wire) is not None

        return pulumi.Output(needs(), value(), _yes(), secret())


def identity(manifest: Manifest) -> tuple[str, ...]:
    """Which object a manifest is of, whatever its version."""
    metadata = manifest["metadata"]
    group = str(manifest["apiVersion"]).rpartition("/")[0]
    return group, str(manifest["kind"]), str(metadata.get("namespace") or ""), str(metadata["name"])


def _impatient(timeouts: pulumi.CustomTimeouts | None) -> pulumi.CustomTimeouts:
    """Pulumi has an object deleted; infra-kit itself waits until it is gone, says what holds it, and can be interrupted."""
    found = timeouts or pulumi.CustomTimeouts()
    return pulumi.CustomTimeouts(create=found.create, update=found.update, delete=_DELETED_WITHIN)


def _camel(key: str) -> str:
    """`string_data` as the provider writes it: `stringData`."""
    return _WORD.sub(lambda match: match[1].upper(), key)


async def _yes() -> bool:
    return True


def _resolve(future: asyncio.Future[Manifest], manifest: Manifest) -> None:
    if not future.done():
        future.set_result(manifest)


def _refuse(future: asyncio.Future[Manifest], name: Name) -> None:
    if not future.done():
        future.set_exception(NotReleasedError(name[1]))
