"""The ways to connect to a tenant's database, for the mysql client and MySQL Workbench. Pure; no passwords.

Source of the certificates: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    authority = f"--ssl-ca={ca_file}"
    # MariaDB's client verifies the name with the authority or nothing, so it goes to the certificate's name.
    named = {endpoint: outputs.database.address}
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
                mysql=_line("mysql", host, at, user, f"--ssl-mode={SSL_MODE}", authority),
                mariadb=_line(
                    "mariadb", named.get(host, host), at, user, "--ssl-verify-server-cert", authority
                ),
            )
            for way, opens_to, host, at, before in _places(tenant, outputs, (endpoint, port), local_port)
        ],
    )


def _places(
    tenant: str, outputs: TenantOutputs, server: tuple[str, int], local_port: int
) -> Iterator[tuple[str, str, str, int, list[str]]]:
    """Each way, who can take it, where it leads, and the commands that open it."""
    production = outputs.networks.get(outputs.production or "")
    for each in production.vpn_connections if production else ():
        yield "vpn", f"{each.description}, {each.company_cidr}", *server, []
    yield "session", f"{tenant}'s sessions, {outputs.session_subnet or ''}", *server, []
    people = "the settings' tunnelUsers, from anywhere that reaches AWS"
    open_tunnel = join(["tenantnet", "tunnel", "start", tenant, "--local-port", str(local_port)])
    yield "tunnel", people, LOOPBACK, local_port, [open_tunnel]


def _line(client: str, host: str, port: int, user: str, *tls: str) -> str:
    return join([client, f"--host={host}", f"--port={port}", f"--user={user}", "--password", *tls])


def certificates_url(region: str) -> str:
    """Where AWS publishes the certificates that RDS signs with in a region."""
    return f"https://truststore.pki.rds.amazonaws.com/{region}/{region}-bundle.pem"
