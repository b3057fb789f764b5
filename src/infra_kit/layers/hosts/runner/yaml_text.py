"""YAML for Ansible, in which what is data stays data: text that looks like a template is marked, so that it is never evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEMPLATE = ("{{", "{%", "{#")


class Template(str):
    """Text that Ansible is to evaluate."""

    __slots__ = ()


def dumped(document: Mapping[str, Any] | list[Any]) -> str:
    """The document as YAML, in the order given."""
    import yaml

    class Dumper(yaml.CSafeDumper):
        """Marks text that looks like a template."""

        def ignore_aliases(self, data: Any) -> bool:
            """A reader follows no anchors."""
            del data
            return True

    def text(dumper: yaml.CSafeDumper, value: str) -> yaml.Node:
        tag = "!unsafe" if any(mark in value for mark in _TEMPLATE) else "tag:yaml.org,2002:str"
        return dumper.represent_scalar(tag, value, style="|" if "\n" in value and tag != "!unsafe" else None)

    Dumper.add_representer(str, text)
    Dumper.add_representer(Template, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:str", str(value)))
    return str(yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=140))
