"""What came of loading a site: its documents, the site, the findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.defects import UNKNOWN_KEY
from infra_kit.inventory.document import Document, PathKeys, path_text
from infra_kit.inventory.findings import Finding

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site

SITE_FILE = "site.yaml"
"""The file that says what the site is, as `infra-kit init` writes it."""


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

    @property
    def head(self) -> Document | None:
        """The file where a section that no file has would be expected: site.yaml, or whatever file says what the site is."""
        return next((each for each in self.files if Path(each.file).name == SITE_FILE), None) or self.documents.get("site")

    def find(self, rule: str, path: PathKeys, message: str, hint: str, *, severity: str = "error") -> None:
        """Add a finding at a path of the merged document."""
        file, line, column = self.place(path, at_key=rule == UNKNOWN_KEY)
        text = path_text(self.value, path)
        self.findings.append(Finding(rule, severity, file, line, column, text, message, hint))  # type: ignore[arg-type]

    def place(self, path: PathKeys, *, at_key: bool = False) -> tuple[str, int, int]:
        """File, line and column (from 1) of a value, or of its closest existing ancestor; where nothing of it is, of the site's head."""
        document = (self.documents.get(str(path[0])) if path else None) or self.head
        line, column = document.place(path, at_key=at_key) if document else (1, 1)
        return document.file if document else str(self.folder / SITE_FILE), line, column
