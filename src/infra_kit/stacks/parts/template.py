"""Text that goes into ConfigMaps: the templates beneath `templates/kubernetes`, which a person may read and change."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from infra_kit import shipped


@cache
def _environment() -> Environment:
    # The results are configuration files, not HTML: nothing is to be escaped.
    return Environment(
        loader=FileSystemLoader(shipped.folder("templates") / "kubernetes"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701
    )


def rendered(template: str, /, **values: Any) -> str:
    """The text of `templates/kubernetes/TEMPLATE`.

    Raises:
        jinja2.UndefinedError: the template asks for a value that is not given.
    """
    return _environment().get_template(template).render(**values)
