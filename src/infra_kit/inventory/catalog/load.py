"""The catalogue's data files, shipped and site-made, into one Catalog."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from infra_kit.inventory.catalog import Catalog
from infra_kit.inventory.catalog.models import CatalogFile
from infra_kit.inventory.defects import UNKNOWN_KEY, defects
from infra_kit.inventory.document import Document, read_document
from infra_kit.inventory.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_kit.inventory.catalog.models import ArrayModel, GpuModel, ProcessorModel, ServerModel, SwitchModel
    from infra_kit.inventory.catalog.software import ImageModel, RuntimeModel, Size
    from infra_kit.inventory.models.bios import BiosProfile

    Model = TypeVar("Model", ServerModel, SwitchModel, ArrayModel, GpuModel, ProcessorModel, BiosProfile, ImageModel, RuntimeModel, Size)

DATA = Path(__file__).parent / "data"
OTHER_DATA = frozenset({"cdp-identities.yaml", "volume-shares.yaml"})
"""Data files of other forms in the same folder."""


@cache
def shipped() -> Catalog:
    """The catalogue that comes with infra-kit, read once a process.

    Raises:
        RuntimeError: a shipped file is broken: a defect of the installation.
    """
    paths = [path for path in sorted(DATA.rglob("*.yaml")) if path.name not in OTHER_DATA]
    documents, files = _read(paths)
    for document in documents:
        for finding in document.findings:
            raise RuntimeError(f"{finding.file}:{finding.line}: {finding.path} {finding.message}; install infra-kit again")
    return _merge(Catalog({}, {}, {}, {}, {}, {}, {}, {}, {}), files)


def load_catalog(folder: Path) -> tuple[Catalog, list[Document]]:
    """The shipped catalogue with what the site's folder adds or replaces, and the site's files with their findings.

    Args:
        folder: a site's `catalog/` folder; it need not exist.
    """
    paths = sorted(folder.rglob("*.yaml"))
    if not paths:
        return shipped(), []
    documents, files = _read(paths)
    return _merge(shipped(), files), documents


def _read(paths: Iterable[Path]) -> tuple[list[Document], list[CatalogFile]]:
    documents = [read_document(path, str(path)) for path in paths]
    typed = (_type(document) for document in documents if not document.findings)
    return documents, [file for file in typed if file is not None]


def _type(document: Document) -> CatalogFile | None:
    try:
        return CatalogFile.model_validate(document.value)
    except ValidationError as error:
        for defect in defects(error, document.value):
            line, column = document.place(defect.path, at_key=defect.rule == UNKNOWN_KEY)
            path = document.path_text(defect.path)
            finding = Finding(defect.rule, "error", document.file, line, column, path, defect.message, defect.hint)
            document.findings.append(finding)
        return None


def _merge(base: Catalog, files: list[CatalogFile]) -> Catalog:
    """`base` with every model of the files, a later one of the same name in place of an earlier one."""
    return Catalog(
        servers=_by_name(base.servers.values(), *(file.servers for file in files)),
        switches=_by_name(base.switches.values(), *(file.switches for file in files)),
        arrays=_by_name(base.arrays.values(), *(file.arrays for file in files)),
        gpus=_by_name(base.gpus.values(), *(file.gpus for file in files)),
        processors=_by_name(base.processors.values(), *(file.processors for file in files)),
        bios_profiles=_by_name(base.bios_profiles.values(), *(file.bios_profiles for file in files)),
        images=_by_name(base.images.values(), *(file.images for file in files)),
        runtimes=_by_name(base.runtimes.values(), *(file.runtimes for file in files)),
        sizes=_by_name(base.sizes.values(), *(file.sizes for file in files)),
    )


def _by_name(*groups: Iterable[Model]) -> dict[str, Model]:
    return {model.name: model for group in groups for model in group}
