"""`infra-kit discover`: find servers by their BMCs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra_kit.cli.options import EndpointsOption  # noqa: TC001  typer reads it at run time
from infra_kit.inventory.errors import ExitCode, UsageError


def discover(
    target: Annotated[str, typer.Argument(metavar="SITE|CIDR", help="A site, or a network such as 10.0.0.0/24.", show_default=False)],
    user: Annotated[str | None, typer.Option("--user", help="With a CIDR: whom to log in as.", show_default=False)] = None,
    password_reference: Annotated[
        str | None, typer.Option("--password-ref", metavar="REF", help="With a CIDR: where the password is, such as env:BMC_PASSWORD.")
    ] = None,
    ca: Annotated[
        Path | None, typer.Option("--ca", metavar="FILE", help="With a CIDR: the authorities that signed the BMCs' certificates.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write there instead of to standard output.")] = None,
    endpoints: EndpointsOption = None,
) -> int:
    """Find servers by their BMCs and write them as inventory.

    Only what a BMC said is written; one that did not answer is listed under `unknown` with the reason.

    Exit codes: 0 fine, 1 nothing answered, 64 wrong usage, 65 the inventory has errors.
    """
    from infra_kit.layers.bmc import discovery

    folder = Path(target)
    if folder.exists():
        if user or password_reference or ca:
            raise UsageError("--user, --password-ref and --ca go with a CIDR", remedy="a site says how its BMCs are reached")
        from infra_kit.cli.reach import open_site

        site, access = open_site(folder, endpoints, quiet=True)
        candidates = discovery.site_candidates(site, access)
    else:
        if not user or not password_reference:
            raise UsageError("a CIDR needs --user and --password-ref", remedy="such as --user root --password-ref env:BMC_PASSWORD")
        candidates = discovery.network_candidates(target, user=user, password_reference=password_reference, ca=ca)
        typer.echo(f"{target}: live devices, {len(candidates)} addresses", err=True)
    found = discovery.discover(candidates)
    _write(found.yaml(), out)
    typer.echo(f"{len(found.servers)} servers found, {len(found.unknown)} unknown", err=True)
    return int(ExitCode.OK if found.servers else ExitCode.ERROR)


def _write(text: str, out: Path | None) -> None:
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}", remedy="name another file") from error
