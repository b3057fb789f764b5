"""How resources get at the array: the right client for the context, and only if it is the array that the inventory describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import DeviceError, IdentityError
from infra_kit.layers.storage.versions import parse
from infra_kit.plan.resource import RunContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.inventory.models.storage import Storage
    from infra_kit.layers.storage.client import PapiReader, PapiWriter
    from infra_kit.layers.storage.kind import Kind, Place
    from infra_kit.plan.resource import ReadContext


def array_of(context: ReadContext) -> Storage:
    """The site's array.

    Raises:
        DeviceError: the site has none (any more), so nothing is known about how to reach it.
    """
    if context.site.storage is None:
        raise DeviceError("array", "the inventory has no array any more", remedy="put `storage:` back to remove what infra-kit made on it")
    return context.site.storage


def reader(context: ReadContext) -> PapiReader:
    """A client to read with: in a run that may write, the one that writes, so that its writes are seen at once.

    Raises:
        IdentityError: the array is not the one that the inventory describes.
        DeviceError: it cannot be read.
    """
    if isinstance(context, RunContext):
        return writer(context)
    from infra_kit.layers.storage.client import PapiReader

    array = array_of(context)
    client = context.connections.client(array.name, "papi", PapiReader, lambda endpoint: PapiReader(endpoint, array.onefs))
    identify(client, array)
    return client


def writer(context: RunContext) -> PapiWriter:
    """A client to write with.

    Raises:
        IdentityError: the array is not the one that the inventory describes.
        DeviceError: it cannot be read.
    """
    from infra_kit.layers.storage.client import PapiWriter

    array = array_of(context)
    client = context.connections.client(array.name, "papi", PapiWriter, lambda endpoint: PapiWriter(endpoint, array.onefs))
    identify(client, array)
    return client


def identify(client: PapiReader, array: Storage) -> None:
    """Look once whether this is the array of the inventory: its release, the number of its nodes, their model.

    Raises:
        IdentityError: it is not; the array is not touched.
        DeviceError: it cannot be read.
    """
    if client.identified:
        return
    # The release first: on another one, what follows may have another number in its path.
    _compare(array, "release", release(client), array.onefs)
    found = identity(client)
    _compare(array, "nodes", str(found["nodes"]), str(sum(len(chassis.nodes) for chassis in array.chassis)))
    _compare(array, "model", found["model"], array.model)
    client.identified = True


def _compare(array: Storage, name: str, found: str, wanted: str) -> None:
    if not _fits(name, found, wanted):
        raise IdentityError(
            array.name,
            f"the array at this address has {name} {found}, the inventory says {wanted}: nothing is sent to it",
            remedy="check the management address, or correct the inventory",
        )


def _fits(name: str, found: str, wanted: str) -> bool:
    if name != "release":
        return found.upper() == wanted.upper()
    try:
        running, asked = parse(found), parse(wanted)
    except ValueError:
        return False
    return running[: len(asked)] == asked


def release(client: PapiReader) -> str:
    """The OneFS release that the nodes run; several in the middle of an upgrade.

    Raises:
        DeviceError: it cannot be read.
    """

    def look() -> str:
        nodes = client.read(client.versions.path("cluster/version"))["nodes"]
        return ", ".join(sorted({node["release"] for node in nodes}))

    found: str = understood(client.device, "the version of the cluster", look)
    return found


def identity(client: PapiReader) -> dict[str, Any]:
    """Release, number of nodes and model, as the array says.

    Raises:
        DeviceError: it cannot be read.
    """

    def look() -> dict[str, Any]:
        nodes = client.read(client.versions.path("cluster/nodes"))["nodes"]
        # The product name begins with the model: H5600-4U-Single-256GB-...
        models = {node["hardware"]["product"].partition("-")[0] for node in nodes}
        return {"release": release(client), "nodes": len(nodes), "model": ", ".join(sorted(models))}

    found: dict[str, Any] = understood(client.device, "the description of the nodes", look)
    return found


def objects(client: PapiReader, kind: Kind, place: Place) -> list[dict[str, Any]]:
    """The objects listed at a place; none where its access zone does not exist yet.

    Raises:
        DeviceError: they cannot be read.
    """
    if place.zone is not None and not has_zone(client, place.zone):
        return []
    resource, variables, query = kind.listing(place)
    path = client.versions.path(resource, variables)
    if not kind.settings:
        return client.listing(path, kind.answer, query)
    body = client.read(path, query)
    settings = body.get(kind.answer) if isinstance(body, dict) else None
    if not isinstance(settings, dict):
        raise DeviceError(client.device, f"GET {path} was answered without `{kind.answer}`")
    return [settings]


def has_zone(client: PapiReader, name: str) -> bool:
    """Whether the access zone exists; zone names are not case-sensitive."""
    zones = client.listing(client.versions.path("zones"), "zones")
    return name.lower() in {str(zone.get("name", "")).lower() for zone in zones}


def understood(device: str, what: str, look: Callable[[], Any]) -> Any:
    """What `look` makes of an answer, or an error that names what was not understood.

    Raises:
        DeviceError: the answer has another form than the platform API's.
    """
    try:
        return look()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise DeviceError(
            device,
            f"{what} was answered in a form that is not the platform API's ({type(error).__name__}: {error})",
            remedy="is this the OneFS release that the inventory says?",
        ) from error
