"""The JSON Schema of a site's files, with the nouns' own docstrings as descriptions."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from functools import cache
from itertools import pairwise
from typing import Any

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.models.site import Site

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def site_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one file of a site.

    No section is required at the top: a site is several files, and each holds some of the sections.
    """
    _describe(Site, set())
    schema = Site.model_json_schema(mode="validation")
    schema.pop("required", None)
    return {"$schema": _DIALECT, **schema, "title": "infra-kit site", "description": "Any file of a site's folder: some of its sections."}


def _describe(noun: type[Noun], done: set[type[Noun]]) -> None:
    """Give every field the string that stands below it in the source, as its description; innermost nouns first."""
    if noun in done:
        return
    done.add(noun)
    for name, field in noun.model_fields.items():
        for inner in _nouns(field.annotation):
            _describe(inner, done)
        field.description = field.description or _field_docstrings(noun).get(name)
    noun.model_rebuild(force=True)


def _nouns(annotation: Any) -> list[type[Noun]]:
    if isinstance(annotation, type) and issubclass(annotation, Noun):
        return [annotation]
    return [noun for argument in getattr(annotation, "__args__", ()) for noun in _nouns(argument)]


@cache
def _field_docstrings(noun: type[Noun]) -> dict[str, str]:
    body = _class_body(noun)
    found = {}
    for statement, following in pairwise(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            text = _string(following)
            if text:
                found[statement.target.id] = " ".join(text.split())
    return found


def _class_body(noun: type[Noun]) -> list[ast.stmt]:
    source = textwrap.dedent(inspect.getsource(sys.modules[noun.__module__]))
    classes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef))
    return next((node.body for node in classes if node.name == noun.__name__), [])


def _string(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str):
        return statement.value.value
    return None
