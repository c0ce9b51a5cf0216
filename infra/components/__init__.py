"""Tenantnet's components, to be used in a Pulumi program of one's own.

A component takes a name, an `…Args` object and `pulumi.ResourceOptions`. The names of AWS's resources come
from the arguments, their tags from the `Owner`. What may not be is refused by the arguments themselves:
`Refused`, before anything is declared.

    owner = Owner(cell="eu1", tenant="acme", network="blue")
    network = TenantNetwork("acme-blue", TenantNetworkArgs(owner=owner, cidr="10.1.2.0/26", …))

Of one tenant: RangeClaim, SessionSubnet, TenantNetwork, TenantDatabase, VpnConnection, ServicePeering,
EndpointRecord, TunnelAccess. Of a cell: PlatformKey, PlatformTables, AlarmTopic, TunnelHost. Of either:
PrivateVpc, ServiceRole.
"""

from __future__ import annotations

from infra.addressing import ReservedRange
from infra.claims import Claim, ClaimKind
from infra.components.alarm_topic import AlarmTopic, AlarmTopicArgs
from infra.components.endpoint_record import EndpointRecord, EndpointRecordArgs
from infra.components.platform_key import PlatformKey, PlatformKeyArgs
from infra.components.platform_tables import PlatformTables, PlatformTablesArgs
from infra.components.private_vpc import PrivateVpc, PrivateVpcArgs
from infra.components.range_claim import RangeClaim, RangeClaimArgs
from infra.components.service_peering import PeeringSide, ServicePeering, ServicePeeringArgs
from infra.components.service_role import ServiceRole, ServiceRoleArgs
from infra.components.session_subnet import SessionSubnet, SessionSubnetArgs
from infra.components.tenant_database import TenantDatabase, TenantDatabaseArgs
from infra.components.tenant_network import TenantNetwork, TenantNetworkArgs
from infra.components.tunnel_access import TunnelAccess, TunnelAccessArgs
from infra.components.tunnel_host import TunnelHost, TunnelHostArgs
from infra.components.vpn_connection import VpnConnection, VpnConnectionArgs
from infra.refusal import Refused
from infra.tags import Lifecycle, Owner, Part

__all__ = [
    "AlarmTopic",
    "AlarmTopicArgs",
    "Claim",
    "ClaimKind",
    "EndpointRecord",
    "EndpointRecordArgs",
    "Lifecycle",
    "Owner",
    "Part",
    "PeeringSide",
    "PlatformKey",
    "PlatformKeyArgs",
    "PlatformTables",
    "PlatformTablesArgs",
    "PrivateVpc",
    "PrivateVpcArgs",
    "RangeClaim",
    "RangeClaimArgs",
    "Refused",
    "ReservedRange",
    "ServicePeering",
    "ServicePeeringArgs",
    "ServiceRole",
    "ServiceRoleArgs",
    "SessionSubnet",
    "SessionSubnetArgs",
    "TenantDatabase",
    "TenantDatabaseArgs",
    "TenantNetwork",
    "TenantNetworkArgs",
    "TunnelAccess",
    "TunnelAccessArgs",
    "TunnelHost",
    "TunnelHostArgs",
    "VpnConnection",
    "VpnConnectionArgs",
]
