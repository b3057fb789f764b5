"""The storage layer: the site's array as resources, removals and files."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from infra_kit.layers.storage.cluster import Identity, Licence, Protection, licences
from infra_kit.layers.storage.directory import KIND, Directory, directories
from infra_kit.layers.storage.exchange import Request
from infra_kit.layers.storage.kind import Design
from infra_kit.layers.storage.kinds import BY_NAME, KINDS
from infra_kit.layers.storage.removal import Removal
from infra_kit.layers.storage.resource import LAYER as NAME
from infra_kit.layers.storage.resource import StorageObject
from infra_kit.layers.storage.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.resource import Created, Layer, Resource


class StorageLayer:
    """One array; its objects one after the other."""

    name = NAME
    after: tuple[str, ...] = ("fabric",)
    concurrency = 4

    def resources(self, site: Site) -> Sequence[Resource]:
        """What the site asks for, parents first."""
        return list(_resources(site)) if site.storage else []

    def leftovers(self, site: Site, created: Sequence[Created]) -> Sequence[Resource]:
        """Removals of what infra-kit made; settings cannot be removed, and what every cluster comes with is not."""
        device = site.storage.name if site.storage else "array"
        ids = {each.id for each in created}
        return [found for each in created if (found := _leftover(device, each, ids)) is not None]

    def render(self, site: Site) -> Mapping[str, str]:
        """The requests that would build the whole on a fresh array, in order: one file each."""
        if site.storage is None:
            return {}
        versions = Versions(site.storage.onefs)
        requests = [(each.id, found) for each in _resources(site) if (found := _requests(each, versions))]
        width = max(2, len(str(len(requests))))
        return {
            f"{NAME}/{site.storage.name}/{number:0{width}}-{id_.removeprefix(NAME + '/').replace('/', '-')}.json": _text(found)
            for number, (id_, found) in enumerate(requests, start=1)
        }


def _resources(site: Site) -> Iterator[Any]:
    storage = site.storage
    if storage is None:
        return
    identity = Identity(storage.name)
    base = frozenset({identity.id})
    yield identity
    for name in licences(storage):
        yield Licence(storage.name, name, depends_on=base)
    yield Protection(storage.name, storage.protection, base)
    yield from _directories(site, storage.name, base)
    design = Design(site, storage, Versions(storage.onefs))
    for kind in KINDS:
        for wanted in kind.wanted(design):
            yield StorageObject(storage.name, kind, wanted, base | {f"{NAME}/{need}" for need in wanted.needs})


def _directories(site: Site, device: str, base: frozenset[str]) -> Iterator[Directory]:
    known = directories(site)
    for name, need in known.items():
        parents = {f"{NAME}/{KIND}/{parent}" for parent in map(str, PurePosixPath(name).parents) if parent in known}
        yield Directory(device, name, base | parents, permissions=need.permissions, scope=need.scope)


def _leftover(device: str, created: Created, ids: set[str]) -> Directory | Removal | None:
    _, kind_name, name = created.id.split("/", 2)
    needs = frozenset(created.record.get("depends_on", _earlier(created.id, ids)))
    if kind_name == KIND:
        return Directory(device, name, needs, wanted=False, scope=created.scope)
    kind = BY_NAME.get(kind_name)
    if kind is None or kind.settings or kind.place(name).key in kind.built_in:
        return None
    return Removal(device, kind, name, needs, scope=created.scope)


def _earlier(id_: str, ids: set[str]) -> set[str]:
    """Of a creation that was begun and never recorded, the parents are not known: take all that could be."""
    order = [KIND, *(kind.name for kind in KINDS)]
    kind_name = id_.split("/", 2)[1]
    before = order[: order.index(kind_name)] if kind_name in order else []
    return {each for each in ids if each.split("/", 2)[1] in before or id_.startswith(each + "/")}


def _requests(resource: Any, versions: Versions) -> list[Request]:
    if isinstance(resource, Directory):
        return resource.requests()
    if isinstance(resource, Protection):
        return [Request("PUT", versions.path("storagepool/nodepools") + "/{nodepool}", {"protection_policy": resource.level})]
    if not isinstance(resource, StorageObject):
        return []
    place, kind = resource.place, resource.kind
    there = kind.settings or place.key in kind.built_in
    path = versions.path(kind.path, place.variables, place.key if there and not kind.settings else "")
    first = Request("PUT" if there else "POST", path, resource.creation(), resource.query)
    return [first, *(kind.links(versions, place, {}, resource.wanted.values) if kind.links else ())]


def _text(requests: list[Request]) -> str:
    shown = [
        {"method": each.method, "path": each.path, "query": dict(each.query), "headers": dict(each.headers), "payload": each.body}
        for each in requests
    ]
    plain = [{name: value for name, value in each.items() if value} for each in shown]
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


LAYER: Layer = StorageLayer()
