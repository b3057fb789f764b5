"""`infra-kit import`: adopt an existing switch into the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra_kit.cli.options import EndpointsOption, SiteArgument  # noqa: TC001  typer reads annotations at run time
from infra_kit.inventory.errors import ExitCode, InfraKitError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.access import Access
    from infra_kit.inventory.findings import Finding
    from infra_kit.inventory.loaded import Loaded
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.switch import Switch
    from infra_kit.layers.fabric.adoption import Adoption


def import_(
    site: SiteArgument,
    switch: Annotated[str, typer.Argument(metavar="SWITCH", help="A switch of the site, by name.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be written.")] = False,
    endpoints: EndpointsOption = None,
) -> int:
    """Adopt an existing switch into the inventory.

    Reads the switch, writes the VLANs, LAGs, links, port modes, VLT, BGP and static routes that it has into the site, and sets its
    scope to the sections that the inventory then describes exactly. The switch is not changed.
    What would make the inventory invalid is left out, and said.

    Exit codes: 0 fine, 1 error, 64 no such switch, 65 the inventory has errors.
    """
    from infra_kit.cli.adoption_text import say
    from infra_kit.cli.reach import reach
    from infra_kit.inventory.access import open_access
    from infra_kit.inventory.load import load, load_site
    from infra_kit.layers.fabric.adoption import adopt

    loaded = load(site)
    # Rules may find fault with it: a switch that is not described yet leaves its neighbours' sides alone.
    typed = loaded.site or load_site(site)
    access = open_access(typed, endpoints)
    typer.echo(reach(typed, access))
    if switch not in typed.switch_by_name:
        raise UsageError(f"the site has no switch {switch}", remedy=f"one of {', '.join(typed.switch_by_name)}")
    noun = typed.switch_by_name[switch]
    adoption = adopt(typed, noun, _running(typed, noun, access), lambda values: _errors(loaded, switch, values))
    say(adoption, noun)
    _refuse_invalid(loaded, adoption)
    if dry_run:
        typer.echo("Nothing is written (--dry-run).")
    elif adoption.values:
        _write(typed.folder, switch, adoption.values)
    else:
        typer.echo("The inventory says all this already; nothing is written.")
    return int(ExitCode.OK)


def _errors(loaded: Loaded, switch: str, values: dict[str, Any]) -> list[Finding]:
    """The errors that the inventory would have beside those it has."""
    from infra_kit.inventory.load import load_changed

    known = {(finding.rule, finding.path, finding.message) for finding in loaded.errors}
    changed = load_changed(loaded, "switches", switch, values)
    return [finding for finding in changed.errors if (finding.rule, finding.path, finding.message) not in known]


def _refuse_invalid(loaded: Loaded, adoption: Adoption) -> None:
    found = _errors(loaded, adoption.switch.name, adoption.values)
    if found:
        raise InfraKitError(
            f"the inventory would not be valid: {found[0].rule} {found[0].message}; nothing is written",
            where=adoption.switch.name,
            remedy=found[0].hint,
        )


def _running(site: Site, switch: Switch, access: Access) -> list[str]:
    """The switch's running configuration without secrets."""
    from infra_kit.layers.fabric.client import SwitchReader
    from infra_kit.layers.fabric.intent import intent
    from infra_kit.layers.fabric.secret_lines import Masking
    from infra_kit.layers.fabric.state import read_state
    from infra_kit.plan.connections import Connections

    whole = intent(site, switch.model_copy(update={"scope": "device"}))
    with Connections(access, read_only=True) as connections:
        state = read_state(connections.client(switch.name, "ssh", SwitchReader, SwitchReader.open), switch)
    return list(Masking(whole.secret_lines, access.secrets.resolve).mask(state.running))


def _write(folder: Path, switch: str, values: dict[str, Any]) -> None:
    from infra_kit.inventory.edit import SiteEditor
    from infra_kit.inventory.load import load

    editor = SiteEditor(folder)
    item = editor.item("switches", switch)
    for key, value in values.items():
        item[key] = _yaml(value)
    for path in editor.save():
        typer.echo(f"Written: {path}")
    findings = load(folder).findings
    if findings:
        typer.echo(
            f"The inventory has {len(findings)} finding{'s' if len(findings) > 1 else ''} now: `infra-kit validate {folder}` lists them"
        )


def _yaml(value: Any) -> Any:
    """Lists of short mappings, one a line; a mapping of its own as a block."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(value, dict):
        return CommentedMap(value)
    if not isinstance(value, list):
        return value
    made = CommentedSeq()
    for entry in value:
        made.append(CommentedMap(entry) if isinstance(entry, dict) else entry)
        if isinstance(entry, dict):
            made[-1].fa.set_flow_style()
    if not any(isinstance(entry, dict) for entry in value):
        made.fa.set_flow_style()
    return made
