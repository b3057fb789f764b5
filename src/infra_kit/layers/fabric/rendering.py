"""The templates of `templates/os10`, compiled once."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from infra_kit.shipped import folder


@cache
def environment() -> Environment:
    """The one Jinja environment. A name that a template gets wrong is an error, never an empty line."""
    # OS10 commands are no HTML; escaping would break them.
    made = Environment(  # noqa: S701
        loader=FileSystemLoader(folder("templates") / "os10"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["quoted"] = quoted
    return made


def quoted(text: str) -> str:
    """Free text as OS10 takes it: in quotation marks where it has spaces."""
    clean = text.replace('"', "'")
    return f'"{clean}"' if " " in clean else clean


def render(section: str, data: object) -> str:
    """Print one section's data."""
    return environment().get_template(f"{section}.j2").render({section: data})
