"""`infra-kit import`: adopt an existing switch into the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra_kit.cli.options import EndpointsOption, SiteArgument  # noqa: TC001  typer reads annotations at run time
from infra_kit.inventory.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.access import Access
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

    Exit codes: 0 fine, 1 error, 64 no such switch, 65 the inventory has errors.
    """
    from infra_kit.cli.reach import reach
    from infra_kit.inventory.access import open_access
    from infra_kit.layers.fabric.adoption import adopt

    loaded = _typed(site)
    access = open_access(loaded, endpoints)
    typer.echo(reach(loaded, access))
    if switch not in loaded.switch_by_name:
        raise UsageError(f"the site has no switch {switch}", remedy=f"one of {', '.join(loaded.switch_by_name)}")
    noun = loaded.switch_by_name[switch]
    adoption = adopt(loaded, noun, _running(loaded, noun, access))
    _say(adoption)
    if dry_run:
        typer.echo("Nothing is written (--dry-run).")
    elif adoption.values:
        _write(loaded.folder, switch, adoption.values)
    else:
        typer.echo("The inventory says all this already; nothing is written.")
    return int(ExitCode.OK)


def _typed(target: Path) -> Site:
    """The site, though rules may find fault with it: a switch that is not described yet leaves its neighbours' sides alone.

    Raises:
        InventoryError: its files are not well formed or not well typed.
    """
    from infra_kit.inventory.load import load, load_site

    return load(target).site or load_site(target)


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


def _say(adoption: Adoption) -> None:
    switch = adoption.switch
    typer.echo(f"{switch.name}: {adoption.covered} of its {adoption.lines} lines are what the inventory asked for before")
    found = {key: len(value) if isinstance(value, list) else 1 for key, value in adoption.values.items() if key != "scope"}
    if found:
        typer.echo("Found: " + ", ".join(f"{key} ({count})" for key, count in found.items()))
    scope = "the whole device" if switch.scope == "device" else ", ".join(switch.scope)
    typer.echo(f"Scope: {scope or 'nothing'}")
    for name, count in sorted(adoption.would_change.items()):
        typer.echo(f"  not in it: {name}, managing it would send {count} line{'s' if count > 1 else ''}")
    for reason in adoption.unsaid:
        typer.echo(f"  cannot be said: {reason}")
    if adoption.left_alone:
        typer.echo(f"Left alone ({len(adoption.left_alone)} lines):")
        for line in adoption.left_alone:
            typer.echo(f"  {line}")
    if adoption.of_itself:
        typer.echo(f"{adoption.of_itself} more lines are what every switch has of itself; infra-kit never touches them.")


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
