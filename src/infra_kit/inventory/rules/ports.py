"""Port-groups and breakouts that the model takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.inventory.rules.problem import Problem, an, severity_by, worded
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.catalog.models import Figure, SwitchModel
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.switch import Switch
    from infra_kit.inventory.rules.index import Index


def _modelled(site: Site, index: Index) -> Iterator[tuple[Switch, SwitchModel]]:
    for switch in site.switches:
        model = index.switch_model(switch)
        if model:
            yield switch, model


def _unsure(figure: Figure[Any]) -> str:
    return "" if figure.confirmed else " (catalogue figure not confirmed)"


@rule("IK1230")
def switch_model_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A switch's model is not in the catalogue."""
    for switch in site.switches:
        if switch.model not in site.catalog.switches:
            known = ", ".join(sorted(site.catalog.switches))
            message = f"switch {switch.name} is of model `{switch.model}`, which the catalogue does not know"
            yield Problem(switch, "model", message, f"known: {known}; describe others in the site's catalog/ folder")


@rule("IK1231")
def port_group_unknown(site: Site, index: Index) -> Iterator[Problem]:
    """A port-group does not exist on the model."""
    for switch, model in _modelled(site, index):
        known = {group.group for group in model.port_groups.value}
        for group in switch.port_groups:
            if group.group not in known:
                message = f"{switch.name} has no port-group {group.group} on {an(model.name)}{_unsure(model.port_groups)}"
                hint = f"the model has {len(known)} port-groups" if known else "use `breakouts` on this model"
                yield Problem(group, "group", message, hint, severity_by(model.port_groups))


@rule("IK1232")
def port_group_mode_illegal(site: Site, index: Index) -> Iterator[Problem]:
    """A port-group does not take its mode."""
    for switch, model in _modelled(site, index):
        groups = {group.group: group for group in model.port_groups.value}
        for group in switch.port_groups:
            known = groups.get(group.group)
            if known and group.mode not in known.modes:
                message = f"port-group {group.group} of {switch.name} does not take {group.mode}"
                hint = f"{an(model.name)} takes {', '.join(known.modes)} there"
                yield Problem(group, "mode", message, hint, severity_by(model.port_groups))


@rule("IK1233")
def port_group_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """A port-group or a breakout is written twice on one switch."""
    for switch in site.switches:
        groups: dict[str, str] = {}
        for group in switch.port_groups:
            if group.group in groups:
                message = f"port-group {group.group} of {switch.name} has mode {groups[group.group]} and {group.mode}"
                yield Problem(group, "group", message, "keep one of the two")
            groups.setdefault(group.group, group.mode)
        ports: dict[str, str] = {}
        for each in switch.breakouts:
            if each.port in ports:
                yield Problem(
                    each, "port", f"port {each.port} of {switch.name} is broken out as {ports[each.port]} and {each.mode}", "keep one"
                )
            ports.setdefault(each.port, each.mode)


@rule("IK1234")
def breakout_port_illegal(site: Site, index: Index) -> Iterator[Problem]:
    """A port cannot be broken out by `interface breakout` on the model."""
    for switch, model in _modelled(site, index):
        for each in switch.breakouts:
            number = int(each.port.rpartition("/")[2].partition(":")[0])
            if ":" in each.port or not any(ports.first <= number <= ports.last for ports in model.breakouts.value):
                hint = "set the mode of its port-group instead" if model.port_groups.value else "break out a port that allows it"
                message = f"port {each.port} of {switch.name} cannot be broken out on {an(model.name)}{_unsure(model.breakouts)}"
                yield Problem(each, "port", message, hint, severity_by(model.breakouts))


@rule("IK1235")
def breakout_mode_illegal(site: Site, index: Index) -> Iterator[Problem]:
    """A port does not take its breakout mode."""
    for switch, model in _modelled(site, index):
        for each in switch.breakouts:
            number = int(each.port.rpartition("/")[2].partition(":")[0])
            known = next((ports for ports in model.breakouts.value if ports.first <= number <= ports.last), None)
            if known and each.mode not in known.modes:
                message = f"port {each.port} of {switch.name} does not take {each.mode}{_unsure(model.breakouts)}"
                hint = f"modes on {an(model.name)}: {', '.join(known.modes)}"
                yield Problem(each, "mode", message, hint, severity_by(model.breakouts))


@rule("IK1236")
def too_many_interfaces(site: Site, index: Index) -> Iterator[Problem]:
    """Breakouts make more interfaces than the switch runs."""
    for switch, model in _modelled(site, index):
        limit = model.max_breakout_interfaces
        count = len(index.interfaces(switch))
        if limit.value is not None and count > limit.value:
            message = f"the breakouts of {switch.name} make {count} interfaces; {an(model.name)} runs {worded(limit)}"
            yield Problem(switch, "breakouts", message, "break out fewer ports", severity_by(limit))


@rule("IK1237", "warning")
def model_in_other_role(site: Site, _index: Index) -> Iterator[Problem]:
    """A switch has the model that the reference architecture uses in the other role."""
    usual = {"S5248F-ON": "leaf", "Z9432F-ON": "spine"}
    for switch in site.switches:
        role = usual.get(switch.model)
        if role and role != switch.role:
            message = f"{switch.name} is a {switch.role} of model {switch.model}, which the reference architecture uses as {role}"
            yield Problem(switch, "role", message, "correct the role or the model")


@rule("IK1238", "warning")
def breakout_unused(site: Site, index: Index) -> Iterator[Problem]:
    """A port is broken out and nothing is on any of its lanes."""
    for switch in site.switches:
        used = {claim.port.partition(":")[0] for claim in index.claims_of_switch.get(switch.name, ())}
        used |= {port.partition(":")[0] for lag in switch.lags for port in lag.ports}
        for each in switch.breakouts:
            if each.port not in used:
                message = f"port {each.port} of {switch.name} is broken out as {each.mode} and nothing is on it"
                yield Problem(each, "port", message, "remove the breakout, or cable a lane")
