"""Processors, memory and power supplies against the chassis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.estimates import server_watts
from infra_kit.inventory.rules.problem import Problem, an, severity_by, worded
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.catalog.models import ServerModel
    from infra_kit.inventory.models.server import ServerProfile
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index


def _modelled(site: Site, index: Index) -> Iterator[tuple[ServerProfile, ServerModel]]:
    for profile in site.server_profiles:
        model = index.server_model(profile)
        if model:
            yield profile, model


@rule("IK2101")
def server_model_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A profile's server model is not in the catalogue."""
    for profile in site.server_profiles:
        if profile.model not in site.catalog.servers:
            message = f"profile {profile.name} is of model `{profile.model}`, which the catalogue does not know"
            known = ", ".join(sorted(site.catalog.servers))
            yield Problem(profile, "model", message, f"known: {known}; describe others in the site's catalog/ folder")


@rule("IK2102")
def too_many_processors(site: Site, index: Index) -> Iterator[Problem]:
    """A profile has more processors than the model has sockets."""
    for profile, model in _modelled(site, index):
        if profile.processors.count > model.sockets.value:
            message = (
                f"profile {profile.name} has {profile.processors.count} processors; sockets of {an(model.name)}: {worded(model.sockets)}"
            )
            yield Problem(profile.processors, "count", message, "correct the count or the model", severity_by(model.sockets))


@rule("IK2103")
def too_many_cores(site: Site, index: Index) -> Iterator[Problem]:
    """A processor has more cores than any that the model takes."""
    for profile, model in _modelled(site, index):
        limit = model.max_cores_per_socket
        if profile.processors.cores > limit.value:
            message = (
                f"profile {profile.name} has {profile.processors.cores} cores a processor; the most of {an(model.name)}: {worded(limit)}"
            )
            yield Problem(profile.processors, "cores", message, "give the cores of one processor", severity_by(limit))


@rule("IK2104", "warning")
def cores_differ(site: Site, _index: Index) -> Iterator[Problem]:
    """A profile gives its processor other cores than the catalogue."""
    for profile in site.server_profiles:
        known = site.catalog.processors.get(profile.processors.model)
        if known and known.cores.value != profile.processors.cores:
            message = (
                f"profile {profile.name} gives {known.name} {profile.processors.cores} cores; the catalogue says {worded(known.cores)}"
            )
            yield Problem(profile.processors, "cores", message, "correct the profile, or the processor in the site's catalog/ folder")


@rule("IK2105", "warning")
def processor_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A processor is not in the catalogue, so its power is counted as nothing."""
    for profile in site.server_profiles:
        if profile.processors.model not in site.catalog.processors:
            message = (
                f"processor `{profile.processors.model}` of profile {profile.name} is not in the catalogue: its power counts as nothing"
            )
            yield Problem(profile.processors, "model", message, "describe it in the site's catalog/ folder")


@rule("IK2106", "warning")
def single_socket_processor(site: Site, _index: Index) -> Iterator[Problem]:
    """A profile has more processors of a kind than can work together."""
    for profile in site.server_profiles:
        known = site.catalog.processors.get(profile.processors.model)
        limit = known.max_sockets if known else None
        if limit and profile.processors.count > limit.value:
            message = (
                f"profile {profile.name} has {profile.processors.count} x {profile.processors.model}; it works in {worded(limit)} socket(s)"
            )
            yield Problem(profile.processors, "count", message, "P models run alone: take the model without P")


@rule("IK2107")
def too_many_dimms(site: Site, index: Index) -> Iterator[Problem]:
    """A profile has more DIMMs than the filled sockets have slots."""
    for profile, model in _modelled(site, index):
        slots = model.dimm_slots.value * min(profile.processors.count, model.sockets.value) // model.sockets.value
        if profile.memory.dimms > slots:
            figures = (model.dimm_slots,) if profile.memory.dimms > model.dimm_slots.value else (model.dimm_slots, model.sockets)
            unsure = "" if all(figure.confirmed for figure in figures) else " (catalogue figure not confirmed)"
            sockets = profile.processors.count
            message = f"profile {profile.name} has {profile.memory.dimms} DIMMs; slots at {sockets} processor(s): {slots}{unsure}"
            yield Problem(profile.memory, "dimms", message, "use fewer, larger modules", severity_by(*figures))


@rule("IK2108", "warning")
def dimms_unbalanced(site: Site, index: Index) -> Iterator[Problem]:
    """DIMMs do not fill every memory channel alike, which costs bandwidth."""
    for profile, model in _modelled(site, index):
        channels = model.dimms_per_channel_set
        unit = channels.value * profile.processors.count
        if profile.memory.dimms % unit:
            filled = f"{profile.processors.count} x {worded(channels)} memory channels"
            message = f"profile {profile.name} has {profile.memory.dimms} DIMMs for {filled}"
            yield Problem(profile.memory, "dimms", message, f"fit a multiple of {unit}, so that all channels carry the same")


@rule("IK2109")
def too_much_memory(site: Site, index: Index) -> Iterator[Problem]:
    """A profile has more memory than the model takes."""
    for profile, model in _modelled(site, index):
        limit = model.max_memory_gib
        if profile.memory.total_gib > limit.value:
            message = f"profile {profile.name} has {profile.memory.total_gib} GiB; the most of {an(model.name)}: {worded(limit)}"
            yield Problem(profile.memory, "dimm_gib", message, "use smaller modules", severity_by(limit))


@rule("IK2140", "warning")
def supply_unusual(site: Site, index: Index) -> Iterator[Problem]:
    """A power supply is not among the model's."""
    for profile, model in _modelled(site, index):
        options = model.psu_options_w
        if profile.psu_w not in options.value:
            text = ", ".join(f"{watts} W" for watts in options.value)
            unsure = "" if options.confirmed else " (catalogue figures not confirmed)"
            message = f"profile {profile.name} has {profile.psu_w} W supplies; those of {an(model.name)}: {text}{unsure}"
            yield Problem(profile, "psu_w", message, "read it off the supply")


@rule("IK2141", "warning")
def supply_too_weak(site: Site, index: Index) -> Iterator[Problem]:
    """One power supply cannot carry the server alone, by an estimate."""
    for profile, _ in _modelled(site, index):
        watts = server_watts(profile, index.site.catalog)
        if watts > profile.psu_w:
            estimate = f"an estimated {watts} W (catalogue figures not confirmed)"
            message = f"profile {profile.name} draws {estimate}, one supply carries {profile.psu_w} W"
            yield Problem(profile, "psu_w", message, "either supply must carry all: fit larger ones, or fewer GPUs")
