"""What breaks each policy, and what the preview must say about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from tenantnet.aws import types as aws
from tenantnet.phases.phases import Phase, RetiredNetwork, State
from tenantnet.tags import Slot, Strategy

from tests.support import component_samples as samples
from tools.rulebook.samples import session_document

BETAS_NETWORK = "10.9.9.0/26"


def nothing() -> None:
    """The program as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One broken program. resource, value, remedy: what the preview must name.

    change: what is done before anything is declared. settings: the tenant's. cell: where it belongs to.
    """

    resource: str = ""
    value: str = ""
    remedy: str = ""
    change: Callable[[], None] = nothing
    settings: Mapping[str, Any] = field(default_factory=samples.tenant)
    cell: str = "local"

    @classmethod
    def both_networks(cls) -> Case:
        """The tenant with its Production and its Test network."""
        networks = {"blue": samples.network("10.1.2.0/26"), "green": samples.network("10.9.8.64/26")}
        return cls(settings=samples.tenant(networks=networks))


def setting(kind: str, name: str, **props: object) -> Callable[[], None]:
    """Give one resource other arguments than its component does."""

    def change(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if (args.type_, args.name) != (kind, name):
            return None
        return pulumi.ResourceTransformationResult({**args.props, **props}, args.opts)

    return lambda: pulumi.runtime.register_stack_transformation(change)


def export_the_password() -> None:
    """What a helpful colleague might add."""
    pulumi.export("databasePassword", pulumi.Output.secret("Correct-Horse-7"))


def declare_something() -> None:
    """What no policy has been told of."""
    pulumi.ComponentResource("mine:index:Thing", "something")


# Nobody has deployed this cell's platform.
MADE_UP_CELL = Case(cell="nowhere")

BROKEN: Mapping[str, Case] = {
    "network-cidr-permitted": Case(
        settings=samples.tenant(networks={"blue": samples.network("10.42.128.64/26")}),
        resource="acme-blue",
        value="10.42.128.64/26",
        remedy="choose a range outside 10.32.0.0/12",
    ),
    "network-cidr-unclaimed": Case(
        settings=samples.tenant(networks={"blue": samples.network(BETAS_NETWORK)}),
        resource="acme-blue",
        value=BETAS_NETWORK,
        remedy="take another range",
    ),
    "company-cidr-permitted": Case(
        settings=samples.tenant(networks={"blue": samples.network("10.1.2.0/26", "10.40.0.0/16")}),
        resource="acme-blue-vpn-10-40-0-0-16",
        value="10.40.0.0/16",
        remedy="write the company's own range",
    ),
    "company-gateway-public": Case(
        change=setting(aws.CUSTOMER_GATEWAY, "acme-blue-vpn-192-168-4-0-24", ip_address="192.168.4.1"),
        resource="acme-blue-vpn-192-168-4-0-24",
        value="192.168.4.1",
        remedy="write the address that the company's VPN device shows to the internet",
    ),
    "vpn-tunnels-hardened": Case(
        change=setting(
            aws.VPN_CONNECTION,
            "acme-blue-vpn-192-168-4-0-24",
            tunnel2_phase1_integrity_algorithms=["SHA1", "SHA2-256"],
        ),
        resource="acme-blue-vpn-192-168-4-0-24",
        value="SHA1",
        remedy="set tunnel2Phase1IntegrityAlgorithms to",
    ),
    "session-isolation": Case(
        change=setting(aws.ROUTE, "acme-blue-sessions-back", destination_cidr_block="192.168.4.0/24"),
        resource="acme-blue-sessions-back",
        value="192.168.4.0/24",
        remedy="remove the route, or name one of these ranges",
    ),
    "database-private": Case(
        change=setting(aws.DATABASE, "acme-blue", publicly_accessible=True),
        resource="acme-blue",
        value="publiclyAccessible: true",
        remedy="set publicly_accessible=False",
    ),
    "database-encrypted": Case(
        change=setting(aws.DATABASE, "acme-blue", storage_encrypted=False),
        resource="acme-blue",
        value="storageEncrypted: false",
        remedy="set storage_encrypted=True",
    ),
    "database-tls-only": Case(
        change=setting(
            aws.PARAMETER_GROUP, "acme-blue", parameters=[{"name": "require_secure_transport", "value": "0"}]
        ),
        resource="acme-blue",
        value='parameters: "0"',
        remedy='add {"name": "require_secure_transport", "value": "1"}',
    ),
    "database-recoverable": Case(
        change=setting(aws.DATABASE, "acme-blue", deletion_protection=False),
        resource="acme-blue",
        value="deletionProtection: false",
        remedy="set deletionProtection to true",
    ),
    "database-ingress-exact": Case(
        change=setting(aws.INGRESS_RULE, "acme-blue-sessions", cidr_ipv4="172.17.0.0/16"),
        resource="acme-blue-sessions",
        value="172.17.0.0/16",
        remedy="remove the rule, or name exactly one of these ranges",
    ),
    "rights-exact": Case(
        change=setting(aws.DOCUMENT, "acme-tunnel", content=session_document(host="localhost")),
        resource="acme-tunnel",
        value="is localhost",
        remedy="take it from the component: TunnelAccess",
    ),
    "only-known-resources": Case(
        change=declare_something,
        resource="something",
        value="mine:index:Thing",
        remedy="remove it, declare it with a component",
    ),
    "secrets-stay-secret": Case(
        change=export_the_password,
        resource="of-a-test-acme",
        value="databasePassword: (not shown)",
        remedy="remove it",
    ),
    "tags-present": Case(
        change=setting(
            aws.CUSTOMER_GATEWAY,
            "acme-blue-vpn-192-168-4-0-24",
            tags={"tenantnet:tenant": "acme", "tenantnet:network": "blue", "Name": "x"},
        ),
        resource="acme-blue-vpn-192-168-4-0-24",
        value="tags.tenantnet:cell: not set",
        remedy="tag it with tenantnet.tags.Owner.tags",
    ),
}


def _state(phase: Phase, production: Slot = Slot.BLUE, strategy: Strategy = Strategy.REPLICA) -> State:
    return State(phase=phase, production=production, strategy=strategy, move=1)


PHASES: Mapping[str, State] = {
    "steady": State(phase=Phase.STEADY, production=Slot.BLUE),
    "replicating": _state(Phase.REPLICATING),
    "fenced": _state(Phase.FENCED),
    "promoted": _state(Phase.PROMOTED),
    "switched": _state(Phase.SWITCHED, Slot.GREEN),
    "retiring": _state(Phase.RETIRING, Slot.GREEN),
    "aborting": State(phase=Phase.ABORTING, production=Slot.BLUE, move=1),
    "fenced for a snapshot": _state(Phase.FENCED, strategy=Strategy.SNAPSHOT),
    "restored": _state(Phase.RESTORED, strategy=Strategy.SNAPSHOT),
    "following": _state(Phase.FOLLOWING, strategy=Strategy.LIVE),
    "switched by live": _state(Phase.SWITCHED, Slot.GREEN, Strategy.LIVE),
    "retiring by live": _state(Phase.RETIRING, Slot.GREEN, Strategy.LIVE),
    "aborting of live": State(phase=Phase.ABORTING, production=Slot.BLUE, strategy=Strategy.LIVE, move=1),
    "moved": State(
        phase=Phase.STEADY,
        production=Slot.GREEN,
        move=1,
        retired=RetiredNetwork(slot=Slot.BLUE, cidr="10.1.2.0/26"),
    ),
}
