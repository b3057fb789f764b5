"""What came of loading a site: its documents, the site, the findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.document import Document, PathKeys, path_text
from infra_kit.inventory.findings import Finding

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site


@dataclass(slots=True)
class Loaded:
    """What came of loading: the site if it could be typed, and every finding so far."""

    folder: Path
    documents: dict[str, Document] = field(default_factory=dict)
    """Section name -> the file that holds it."""
    files: list[Document] = field(default_factory=list)
    value: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    site: Site | None = None

    @property
    def errors(self) -> list[Finding]:
        """The findings that make the inventory unusable."""
        return [finding for finding in self.findings if finding.severity == "error"]

    def find(self, rule: str, path: PathKeys, message: str, hint: str, *, severity: str = "error") -> None:
        """Add a finding at a path of the merged document."""
        document = self.documents.get(str(path[0])) if path else None
        if document is None and self.files:
            document = next((each for each in self.files if each.file.endswith("site.yaml")), self.files[0])
        line, column = document.place(path) if document else (1, 1)
        file = document.file if document else str(self.folder / "site.yaml")
        text = path_text(self.value, path)
        self.findings.append(Finding(rule, severity, file, line, column, text, message, hint))  # type: ignore[arg-type]
