"""The catalogue's data files, shipped and site-made, into one Catalog."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from infra_kit.inventory.catalog import Catalog
from infra_kit.inventory.catalog.models import CatalogFile
from infra_kit.inventory.defects import defects
from infra_kit.inventory.document import Document, read_document
from infra_kit.inventory.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_kit.inventory.catalog.models import ArrayModel, GpuModel, ProcessorModel, ServerModel, SwitchModel
    from infra_kit.inventory.models.bios import BiosProfile

    Model = TypeVar("Model", ServerModel, SwitchModel, ArrayModel, GpuModel, ProcessorModel, BiosProfile)

DATA = Path(__file__).parent / "data"
OTHER_DATA = frozenset({"cdp-identities.yaml"})
"""Data files of other forms in the same folder."""


@cache
def shipped() -> Catalog:
    """The catalogue that comes with infra-kit, read once a process.

    Raises:
        RuntimeError: a shipped file is broken: a defect of the installation.
    """
    paths = [path for path in sorted(DATA.rglob("*.yaml")) if path.name not in OTHER_DATA]
    files, findings = _read(paths)
    if findings:
        first = findings[0]
        raise RuntimeError(f"{first.file}:{first.line}: {first.path} {first.message}; install infra-kit again")
    return _merge(Catalog({}, {}, {}, {}, {}, {}), files)


def load_catalog(folder: Path) -> tuple[Catalog, list[Finding]]:
    """The shipped catalogue and what the site's folder adds or replaces, with the findings of the site's files.

    Args:
        folder: a site's `catalog/` folder; it need not exist.
    """
    paths = sorted(folder.rglob("*.yaml"))
    if not paths:
        return shipped(), []
    files, findings = _read(paths)
    return _merge(shipped(), files), findings


def _read(paths: Iterable[Path]) -> tuple[list[CatalogFile], list[Finding]]:
    files: list[CatalogFile] = []
    findings: list[Finding] = []
    for path in paths:
        document = read_document(path, str(path))
        findings.extend(document.findings)
        if not document.findings:
            file = _type(document, findings)
            if file is not None:
                files.append(file)
    return files, findings


def _type(document: Document, findings: list[Finding]) -> CatalogFile | None:
    try:
        return CatalogFile.model_validate(document.value)
    except ValidationError as error:
        for defect in defects(error):
            line, column = document.place(defect.path)
            path = document.path_text(defect.path)
            findings.append(Finding(defect.rule, "error", document.file, line, column, path, defect.message, defect.hint))
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
    )


def _by_name(*groups: Iterable[Model]) -> dict[str, Model]:
    return {model.name: model for group in groups for model in group}
