"""The ways to connect to a tenant's database, for the mysql client and MySQL Workbench. Pure; no passwords.

Source of the certificates: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
"""

from __future__ import annotations

from collections.abc import Sequence
from shlex import join

from tenantnet.stacks.outputs import Model, TenantOutputs
from tenantnet.tunnel.local_port import LOOPBACK

# The certificate names RDS's own address, and after a move the endpoint's name leads to another one.
SSL_MODE = "VERIFY_CA"
WORKBENCH_SSL = "Require and Verify CA"


class Way(Model):
    """One way in. opens_to: who can take it. before: commands that open it. mysql, mariadb: the clients'."""

    way: str
    opens_to: str
    host: str
    port: int
    before: Sequence[str]
    mysql: str
    mariadb: str


class Connecting(Model):
    """What `tenantnet open` shows. ca_file: the authorities of RDS. ca_url: where they are published."""

    tenant: str
    endpoint: str
    username: str
    ssl_mode: str
    ca_file: str
    ca_url: str | None
    ways: Sequence[Way]


def connecting(
    tenant: str, outputs: TenantOutputs, *, region: str, local_port: int, local_ca: str | None = None
) -> Connecting | None:
    """Every way to the database; None before the tenant's first update has finished.

    local_port: where a tunnel ends on the person's machine. local_ca: the local cloud's own authority.
    """
    if outputs.endpoint is None or outputs.database is None or outputs.database.username is None:
        return None
    ca_file = local_ca or f"{region}-bundle.pem"
    endpoint, user, port = outputs.endpoint, outputs.database.username, outputs.database.port
    production = outputs.networks.get(outputs.production or "")
    companies = production.vpn_connections if production else ()
    open_tunnel = join(["tenantnet", "tunnel", "start", tenant, "--local-port", str(local_port)])
    people = "the settings' tunnelUsers, from anywhere that reaches AWS"
    ways: list[tuple[str, str, str, int, list[str]]] = [
        *(("vpn", f"{each.description}, {each.company_cidr}", endpoint, port, []) for each in companies),
        ("session", f"{tenant}'s sessions, {outputs.session_subnet or ''}", endpoint, port, []),
        ("tunnel", people, LOOPBACK, local_port, [open_tunnel]),
    ]
    own, authority = {endpoint: outputs.database.address}, f"--ssl-ca={ca_file}"
    return Connecting(
        tenant=tenant,
        endpoint=endpoint,
        username=user,
        ssl_mode=SSL_MODE,
        ca_file=ca_file,
        ca_url=None if local_ca else certificates_url(region),
        ways=[
            Way(
                way=way,
                opens_to=opens_to,
                host=host,
                port=at,
                before=before,
                mysql=join(["mysql", *_login(host, at, user), f"--ssl-mode={SSL_MODE}", authority]),
                # It verifies the name with the authority or nothing, so it goes to the certificate's name.
                mariadb=join(
                    ["mariadb", *_login(own.get(host, host), at, user), "--ssl-verify-server-cert", authority]
                ),
            )
            for way, opens_to, host, at, before in ways
        ],
    )


def _login(host: str, port: int, user: str) -> list[str]:
    return [f"--host={host}", f"--port={port}", f"--user={user}", "--password"]


def certificates_url(region: str) -> str:
    """Where AWS publishes the certificates that RDS signs with in a region."""
    return f"https://truststore.pki.rds.amazonaws.com/{region}/{region}-bundle.pem"
