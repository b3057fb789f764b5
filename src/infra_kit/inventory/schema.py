"""The JSON Schema of a site's files, with the nouns' own docstrings as descriptions."""

from __future__ import annotations

import ast
import inspect
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.models.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def site_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one file of a site.

    No section is required at the top: a site is several files, and each holds some of the sections.
    """
    schema = Site.model_json_schema(mode="validation")
    nouns: set[type[Noun]] = set()
    _collect(Site, nouns)
    for noun in nouns:
        target = schema if noun is Site else _definition(schema["$defs"], noun)
        for field, text in _field_docstrings(noun):
            target["properties"][field].setdefault("description", text)
    schema.pop("required", None)
    return {"$schema": _DIALECT, **schema, "title": "infra-kit site", "description": "Any file of a site's folder: some of its sections."}


def _definition(definitions: dict[str, Any], noun: type[Noun]) -> dict[str, Any]:
    """The noun's own entry: pydantic puts the module before the name of one that shares it with another (two are called NfsExport)."""
    full = f"{noun.__module__}.{noun.__qualname__}".replace(".", "__")
    found: dict[str, Any] = definitions[full if full in definitions else noun.__name__]
    return found


def _collect(noun: type[Noun], found: set[type[Noun]]) -> None:
    found.add(noun)
    for field in noun.model_fields.values():
        for inner in _nouns(field.annotation):
            if inner not in found:
                _collect(inner, found)


def _nouns(annotation: Any) -> list[type[Noun]]:
    if isinstance(annotation, type) and issubclass(annotation, Noun):
        return [annotation]
    return [noun for argument in getattr(annotation, "__args__", ()) for noun in _nouns(argument)]


def _field_docstrings(noun: type[Noun]) -> Iterator[tuple[str, str]]:
    """Each field that has a string below it in the source, and that string."""
    for statement, following in pairwise(_class_body(noun)):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            text = _string(following)
            if text and statement.target.id in noun.model_fields:
                yield statement.target.id, " ".join(text.split())


def _class_body(noun: type[Noun]) -> list[ast.stmt]:
    module = ast.parse(inspect.getsource(sys.modules[noun.__module__]))
    return next(node.body for node in ast.walk(module) if isinstance(node, ast.ClassDef) and node.name == noun.__name__)


def _string(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str):
        return statement.value.value
    return None
