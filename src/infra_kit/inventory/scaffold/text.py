"""A design as the files of a site: templates print, nothing is decided here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from infra_kit.shipped import folder

if TYPE_CHECKING:
    from infra_kit.inventory.models.base import Noun
    from infra_kit.inventory.scaffold.design import Design

_KNOWN_HOSTS = "trust/known_hosts"
FILES = ("site.yaml", "networks.yaml", "racks.yaml", "servers.yaml", "fabric.yaml", "storage.yaml", "platform.yaml", "workload.yaml")
_WIDTH = 1_000_000


def files(design: Design) -> dict[str, str]:
    """File name -> text. The storage file only where the site has an array, a file for host keys where it is live."""
    environment = Environment(
        loader=FileSystemLoader(folder("templates") / "site"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  YAML, not HTML
    )
    environment.filters["flow"] = flow
    environment.globals["secret"] = lambda name: _secret(design, name)
    wanted = [name for name in FILES if design.storage is not None or name != "storage.yaml"]
    templates = {name: f"{name}.j2" for name in wanted}
    templates[".gitignore"] = "gitignore.j2"
    if design.access == "live":
        templates[_KNOWN_HOSTS] = "known_hosts.j2"
    return {name: environment.get_template(template).render(design=design) for name, template in templates.items()}


def flow(value: Noun | list[Any] | str) -> str:
    """A noun, a list or a text on one line, as YAML writes it; what is at its default is left out."""
    plain = value if isinstance(value, list | str) else value.model_dump(mode="json", exclude_defaults=True)
    text: str = yaml.dump(plain, Dumper=yaml.CSafeDumper, default_flow_style=True, sort_keys=False, width=_WIDTH)
    return text.removesuffix("\n").removesuffix("\n...")


def _secret(design: Design, name: str) -> str:
    """A reference: a file that the lab makes, or an environment variable that the operator sets."""
    return f"file:.infra-kit/lab/secrets/{name}" if design.access == "lab" else f"env:IK_{name.upper().replace('-', '_')}"
