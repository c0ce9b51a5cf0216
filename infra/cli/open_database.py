"""`tenantnet open`: how to connect to a tenant's database."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.options import AsJson, Tenant
from tenantnet.cli.output import say, show
from tenantnet.cli.project import name_unread, working_project
from tenantnet.refusal import Refused, Rule

if TYPE_CHECKING:
    from tenantnet.tunnel.connecting import Connecting

DEPLOYED_ONCE = Rule(
    id="deployed-once",
    rule="you can connect to a database that exists",
    reason="the first update of {tenant} has not finished",
    remedy="tenantnet up {tenant}",
)

TITLES = {"vpn": "Through the company's VPN", "session": "From a session", "tunnel": "Through a tunnel"}


def open_database(
    tenant: Tenant,
    *,
    local_port: Annotated[
        int, typer.Option(min=1, max=65535, help="The tunnel's port on this machine.")
    ] = 2201,
    as_json: AsJson = False,
) -> None:
    """Show how to connect to a tenant's database with the mysql client and MySQL Workbench, for each way in.

    It never prints a password.

    Example: tenantnet open acme --local-port 2201
    """
    from tenantnet.aws.authorities import AUTHORITY_VARIABLE
    from tenantnet.aws.endpoint import local_endpoint
    from tenantnet.observed.status.read import read_stack
    from tenantnet.tunnel.connecting import connecting

    outputs, region = read_stack(working_project(), tenant)
    local_ca = os.environ.get(AUTHORITY_VARIABLE) if local_endpoint() else None
    found = connecting(tenant, outputs, region=region, local_port=local_port, local_ca=local_ca)
    if found is None:
        raise Refused("The database", [DEPLOYED_ONCE.refuse(tenant, tenant=tenant)])
    show(found, _print, as_json=as_json)
    name_unread(tenant)


def _print(found: Connecting) -> None:
    from tenantnet.tunnel.connecting import WORKBENCH_SSL

    lines = [f"{found.tenant}: {found.endpoint}, user {found.username}; over TLS only.", ""]
    if found.ca_url:
        fetch = f"curl --fail --output {found.ca_file} {found.ca_url}"
        lines += ["Download the certificate authorities of RDS once:", f"  {fetch}", ""]
    else:
        lines += [
            "Only the local cloud's own name server knows these names. The tunnel needs none; or ask it:",
            f'  dig +short @127.0.0.1 -p "${{TENANTNET_NAME_SERVER##*:}}" {found.endpoint}',
            "",
        ]
    for way in found.ways:
        lines += [
            f"{TITLES[way.way]}: {way.opens_to}",
            *(f"  {command}" for command in way.before),
            f"  {way.mysql}",
            f"  {way.mariadb}",
            f"  MySQL Workbench: Standard (TCP/IP), hostname {way.host}, port {way.port},",
            f"    username {found.username}; SSL: {WORKBENCH_SSL}, SSL CA file {found.ca_file}",
            "",
        ]
    lines += [
        f"{found.ssl_mode}, not VERIFY_IDENTITY: the certificate names RDS's own address, and after a move",
        "the endpoint's name leads to another one. MariaDB's client cannot verify the authority alone, so it",
        "goes to RDS's own address, which a move changes; for a tunnel it must be 11.4 or newer.",
        "",
        f"The client asks for a password. Whoever may decrypt the settings gets that of {found.username} by",
        f"  pulumi config get tenantnet:databasePassword --stack {found.tenant}",
    ]
    say("\n".join(lines))
