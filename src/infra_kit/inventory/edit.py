"""Changing a site's files by program: comments, order and style stay; a file is replaced whole or not at all."""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.atomic_file import write_whole
from infra_kit.inventory.document import read_document
from infra_kit.inventory.errors import InventoryError, StateError

if TYPE_CHECKING:
    from ruamel.yaml import YAML

_INDENT, _OFFSET, _WIDTH = 2, 2, 100_000


@dataclass(slots=True)
class _File:
    path: Path
    before: str
    root: Any
    yaml: YAML


class SiteEditor:
    """Edits the YAML files of one site.

    Take a section with `section`, change it as the mapping or list that it is, and `save`. What is not touched keeps its
    comments, its order, its quotes and its flow or block style.

    Args:
        folder: the site's folder.
    """

    def __init__(self, folder: Path) -> None:
        """No file is opened yet."""
        self._folder = folder
        self._files: dict[Path, _File] = {}

    def section(self, name: str, *, new_file: str = "") -> Any:
        """The section, for changing.

        Args:
            name: the section's key, such as `servers`.
            new_file: the file that gets it as an empty list where no file has it yet.

        Raises:
            InventoryError: no file has it and `new_file` is not given, or a file is not well formed.
        """
        for path in sorted(self._folder.glob("*.yaml")):
            document = read_document(path, str(path))
            if document.findings:
                first = document.findings[0]
                raise InventoryError(first.message, where=f"{path}:{first.line}:{first.column}", remedy=first.hint)
            if name in document.value:
                return self._open(path).root[name]
        if not new_file:
            raise InventoryError(f"no file has a section `{name}`", where=str(self._folder), remedy=f"add `{name}:` to a file of the site")
        root = self._open(self._folder / new_file).root
        root[name] = []
        return root[name]

    def item(self, section: str, name: str) -> Any:
        """The item of a list section that has this name, for changing.

        Raises:
            InventoryError: there is none.
        """
        for item in self.section(section):
            if item.get("name") == name:
                return item
        raise InventoryError(f"section `{section}` has no item named {name}", where=str(self._folder))

    def save(self) -> list[Path]:
        """Write every file that was changed; the others are not touched.

        Returns:
            The files written.

        Raises:
            StateError: a file cannot be written, was changed by someone else meanwhile, or would not read back as meant.
        """
        written = []
        for file in self._files.values():
            text = _text(file)
            if text != file.before:
                _check(file, text)
                replace(file.path, text)
                file.before = text
                written.append(file.path)
        return written

    def _open(self, path: Path) -> _File:
        if path not in self._files:
            self._files[path] = _load(path)
        return self._files[path]


def replace(path: Path, text: str) -> None:
    """Put `text` in the place of the file at `path`, keeping its mode, and the link where it is one: at no moment is there half a file.

    Raises:
        StateError: the folder or the disk does not let us; the old file is still there.
    """
    try:
        write_whole(path, text, mode=path.stat().st_mode & 0o7777 if path.exists() else 0o644)
    except OSError as error:
        raise StateError(f"cannot be written: {error.strerror}; it is as it was", where=str(path)) from error


def _load(path: Path) -> _File:
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.util import load_yaml_guess_indent

    before = path.read_text(encoding="utf-8") if path.exists() else ""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    _root, indent, offset = load_yaml_guess_indent(before) if before else (None, None, None)
    # A dash's own offset and the item behind it: `  - name` is offset 2, sequence indent 4.
    yaml.indent(mapping=_INDENT, sequence=indent or _INDENT + _OFFSET, offset=_OFFSET if offset is None else offset)
    return _File(path, before, yaml.load(before) if before else CommentedMap(), yaml)


def _text(file: _File) -> str:
    buffer = io.StringIO()
    file.yaml.dump(file.root, buffer)
    return buffer.getvalue()


def _check(file: _File, text: str) -> None:
    """Nobody may have changed the file since it was read, and our own reader must see what was meant."""
    now = file.path.read_text(encoding="utf-8") if file.path.exists() else ""
    if now != file.before:
        raise StateError("was changed by someone else meanwhile; nothing has been written", where=str(file.path), remedy="try again")
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / file.path.name
        trial.write_text(text, encoding="utf-8")
        document = read_document(trial, str(file.path))
    if document.findings or document.value != _plain(file.root):
        first = document.findings[0].message if document.findings else "a value changes when it is written"
        raise StateError(f"would not read back as meant ({first}); nothing has been written", where=str(file.path))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, bool) or value is None:
        return value
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    return value
