"""A folder of YAML files becomes a Site: compose, merge, type, look up, check."""

from __future__ import annotations

import gc
import hashlib
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from infra_kit.inventory.catalog.load import load_catalog
from infra_kit.inventory.defects import defects
from infra_kit.inventory.document import read_document
from infra_kit.inventory.errors import InventoryError, UsageError
from infra_kit.inventory.findings import Finding
from infra_kit.inventory.loaded import SITE_FILE, Loaded
from infra_kit.inventory.models.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra_kit.inventory.document import PathKeys

NOT_SECTIONS = frozenset({"workload.yaml"})
"""Files of a site's folder that are not part of the inventory."""


def load(target: Path) -> Loaded:
    """Load and check a site.

    Args:
        target: the site's folder, or its site.yaml.

    Raises:
        UsageError: there is no such site.
    """
    loaded = Loaded(_folder_of(target))
    with _collector_paused():
        _read(loaded)
        if not loaded.errors:
            _merge(loaded)
        if not loaded.errors:
            _type(loaded)
        if loaded.site is not None and not loaded.errors:
            from infra_kit.inventory.rules.engine import check

            check(loaded)
    _scan(loaded)
    loaded.findings.sort(key=lambda finding: (finding.file, finding.line, finding.column, finding.rule))
    return loaded


def load_changed(loaded: Loaded, section: str, name: str, values: dict[str, Any]) -> Loaded:
    """What loading would come to if an item of a list section had other values; nothing is written.

    Args:
        loaded: the site as it is.
        section: the section, such as `switches`.
        name: the item's name.
        values: the keys that change, as plain YAML values.
    """
    items = [{**item, **values} if item["name"] == name else item for item in loaded.value[section]]
    changed = Loaded(loaded.folder, loaded.documents, list(loaded.files), {**loaded.value, section: items})
    _type(changed)
    if changed.site is not None and not changed.errors:
        from infra_kit.inventory.rules.engine import check

        check(changed)
    return changed


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep Python's cycle collector out while a document's nodes are made: it would look at all of them again and again.

    Nothing made here is garbage before the end; for a large site this is the greater part of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def load_site(target: Path) -> Site:
    """Load a site that must be free of errors.

    Raises:
        UsageError: there is no such site.
        InventoryError: it has errors.
    """
    loaded = load(target)
    if loaded.errors or loaded.site is None:
        first = loaded.errors[0]
        raise InventoryError(
            f"the inventory has {len(loaded.errors)} error(s); the first: {first.rule} {first.message}",
            where=f"{first.file}:{first.line}:{first.column}",
            remedy=f"`infra-kit validate {target}` lists all",
        )
    return loaded.site


def whereabouts(site: Site, path: PathKeys) -> str:
    """Where a value, or the closest part that there is of it, stands in the site's files, as they are now: `FILE:LINE:COLUMN`.

    Args:
        site: a loaded site.
        path: keys and list indices from the root.
    """
    loaded = Loaded(site.folder)
    _read(loaded)
    _merge(loaded)
    file, line, column = loaded.place(path)
    return f"{file}:{line}:{column}"


def _folder_of(target: Path) -> Path:
    remedy = "name a site's folder; `infra-kit init DIR --configuration 1` makes one"
    try:
        folder = target.parent if target.name == "site.yaml" and not target.is_dir() else target
        if not folder.is_dir():
            raise UsageError(f"no site at {target}", remedy=remedy)
        if not any(folder.glob("*.yaml")):
            raise UsageError(f"{folder} holds no YAML files", remedy=remedy)
    except OSError as error:
        raise UsageError(f"{target} cannot be read: {error.strerror}", remedy="check the folder and its permissions") from error
    return folder


def _read(loaded: Loaded) -> None:
    for path in sorted(loaded.folder.glob("*.yaml")):
        if path.name not in NOT_SECTIONS:
            document = read_document(path, str(path))
            loaded.files.append(document)
            loaded.findings.extend(document.findings)
    for path in sorted(loaded.folder.glob("*.yml")):
        message = "is not read: the files of a site end in .yaml"
        loaded.findings.append(Finding("IK0013", "warning", str(path), 1, 1, "", message, f"rename it to {path.stem}.yaml, or remove it"))


def _scan(loaded: Loaded) -> None:
    """Look for literal secrets last: they do not keep the other phases from their findings."""
    from infra_kit.inventory.rules.literals import scan

    known = {(finding.file, finding.line, finding.column) for finding in loaded.findings if finding.rule == "IK5001"}
    for document in loaded.files:
        hits = scan(document)
        loaded.findings.extend(hit for hit in hits if (hit.file, hit.line, hit.column) not in known)


def _merge(loaded: Loaded) -> None:
    for document in loaded.files:
        for section, value in document.value.items():
            if section in loaded.value:
                line, column = document.place((section,))
                loaded.findings.append(
                    Finding(
                        "IK0010",
                        "error",
                        document.file,
                        line,
                        column,
                        section,
                        f"section `{section}` is also in {loaded.documents[section].file}",
                        "keep a section in one file",
                    )
                )
                continue
            loaded.value[section] = value
            loaded.documents[section] = document


def _type(loaded: Loaded) -> None:
    try:
        site = Site.model_validate(loaded.value)
    except ValidationError as error:
        for defect in defects(error, loaded.value):
            message, hint = defect.message, defect.hint
            if defect.path == ("site",) and loaded.head is None:
                message, hint = f"{message}: the folder has no {SITE_FILE}", f"add {SITE_FILE} with `site:`"
            loaded.find(defect.rule, defect.path, message, hint)
        return
    catalog, documents = load_catalog(loaded.folder / "catalog")
    loaded.files.extend(documents)
    for document in documents:
        loaded.findings.extend(document.findings)
    site._catalog = catalog  # noqa: SLF001  the loader is what fills these
    site._folder = loaded.folder  # noqa: SLF001
    site._digest = _digest([loaded.value, *(document.value for document in documents)])  # noqa: SLF001
    loaded.site = site


def _digest(values: list[dict[str, Any]]) -> str:
    content = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(content.encode()).hexdigest()
