"""`infra-kit lab`: the stand-ins of a site's devices, started, looked at, told to misbehave, ended."""

from __future__ import annotations

import typer

from infra_kit.cli.group import SETTINGS
from infra_kit.cli.lab.images import images
from infra_kit.cli.lab.kubectl import kubectl
from infra_kit.cli.lab.misbehaviour import events, fault, tamper
from infra_kit.cli.lab.status import status
from infra_kit.cli.lab.up import down, up

app = typer.Typer(no_args_is_help=True, help="Give every device of a site a stand-in on this machine.", **SETTINGS)
app.command()(up)
app.command()(down)
app.command()(status)
app.command()(images)
app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})(kubectl)
app.command()(fault)
app.command()(tamper)
app.command()(events)
