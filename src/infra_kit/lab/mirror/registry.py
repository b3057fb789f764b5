"""A read-only image registry (OCI distribution specification 1.1, "pull") over the lab's layers: nothing is copied or compressed for it.

containerd asks a mirror for `/v2/REPOSITORY/...?ns=REGISTRY`; a client that names this registry itself asks without `ns`, and a site's
mirror may have a path of its own in front. All of them find the image.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiohttp import web

from infra_kit.lab.mirror.images.store import CONFIG_TYPE, MANIFEST_TYPE, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from infra_kit.lab.mirror.images.store import Image

_PATH = re.compile(r"^/v2/(?P<name>[a-z0-9][a-z0-9._/:-]*)/(?P<kind>manifests|blobs|tags)/(?P<reference>[\w:.+-]+)$")
_VERSION = {"Docker-Distribution-Api-Version": "registry/2.0"}


class Registry:
    """Serves images.

    Args:
        images: what it has.
        look: called where it has not what is asked for: what there is by now.
    """

    def __init__(self, images: Iterable[Image], look: Callable[[], Iterable[Image]] = tuple) -> None:
        self._look = look
        self._tags: dict[str, dict[str, Image]] = {}
        self._files: dict[str, Path] = {}
        self._configs: dict[str, bytes] = {}
        for image in images:
            self.add(image)

    def add(self, image: Image) -> None:
        """Have one image more."""
        name, _, tag = image.recipe.reference.rpartition(":")
        self._tags.setdefault(name, {}).update({tag: image, digest_of(image.manifest): image})
        self._configs[digest_of(image.config)] = image.config
        self._files |= {packed.digest: file for packed, file in image.layers}

    def references(self) -> list[str]:
        """Every image by its full name and tag."""
        return sorted(f"{name}:{tag}" for name, tags in self._tags.items() for tag in tags if not tag.startswith("sha256:"))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        if request.method not in {"GET", "HEAD"}:
            return _refusal(405, "UNSUPPORTED", "this registry is read-only")
        if request.path.rstrip("/") == "/v2":
            return web.json_response({}, headers=_VERSION)
        if request.path == "/v2/_catalog":
            return web.json_response({"repositories": sorted(self._tags)}, headers=_VERSION)
        found = _PATH.match(request.path)
        if found is None:
            return _refusal(404, "NAME_INVALID", f"no such path: {request.path}")
        if found["kind"] == "blobs":
            return self._blob(found["reference"])
        return self._named(found["kind"], found["name"], found["reference"], registry=request.query.get("ns", ""))

    def _named(self, kind: str, name: str, reference: str, *, registry: str) -> web.Response:
        tags = self._repository(name, registry)
        if tags is None or (kind == "manifests" and reference not in tags):
            for image in self._look():
                self.add(image)
            tags = self._repository(name, registry)
        if tags is None:
            return _refusal(404, "NAME_UNKNOWN", f"the lab has no image {name}")
        if kind == "tags":
            return web.json_response({"name": name, "tags": sorted(tag for tag in tags if not tag.startswith("sha256:"))})
        return self._manifest(tags.get(reference), reference)

    def _repository(self, name: str, registry: str) -> dict[str, Image] | None:
        """The tags of a repository, by whatever name it is asked for."""
        if registry and f"{registry}/{name}" in self._tags:
            return self._tags[f"{registry}/{name}"]
        parts = name.split("/")
        whole = next((self._tags[rest] for start in range(len(parts)) if (rest := "/".join(parts[start:])) in self._tags), None)
        if whole is not None or registry:
            return whole
        alike = [tags for known, tags in self._tags.items() if known.partition("/")[2] == name]
        return alike[0] if len(alike) == 1 else None

    @staticmethod
    def _manifest(image: Image | None, reference: str) -> web.Response:
        if image is None:
            return _refusal(404, "MANIFEST_UNKNOWN", f"the lab's image has no {reference}")
        headers = _VERSION | {"Docker-Content-Digest": digest_of(image.manifest), "Content-Type": MANIFEST_TYPE}
        return web.Response(body=image.manifest, headers=headers)

    def _blob(self, digest: str) -> web.StreamResponse:
        headers = _VERSION | {"Docker-Content-Digest": digest}
        if digest in self._configs:
            return web.Response(body=self._configs[digest], headers=headers | {"Content-Type": CONFIG_TYPE})
        file = self._files.get(digest)
        if file is None or not file.exists():
            return _refusal(404, "BLOB_UNKNOWN", f"the lab has no layer {digest}")
        # Ranges and conditions are its affair, and the kernel's copying.
        return web.FileResponse(file, headers=headers | {"Content-Type": "application/octet-stream"})


def _refusal(status: int, code: str, words: str) -> web.Response:
    """An error as the specification writes them (section "Error Codes")."""
    return web.json_response({"errors": [{"code": code, "message": words, "detail": None}]}, status=status, headers=_VERSION)
