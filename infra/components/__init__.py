"""Tenantnet's components, for your own Pulumi programs.

A component takes a name, an `…Args` object and `pulumi.ResourceOptions`. The names of AWS's resources come
from the arguments, their tags from the `Owner`. The arguments check their values and raise `Refused`
before anything is declared.

    owner = Owner(cell="eu1", tenant="acme", network="blue")
    network = TenantNetwork("acme-blue", TenantNetworkArgs(owner=owner, cidr="10.1.2.0/26", …))

Of one tenant: RangeClaim, SessionSubnet, TenantNetwork, TenantDatabase, VpnConnection, ServicePeering,
EndpointRecord, TunnelAccess. Of a cell: PlatformKey, PlatformTables, AlarmTopic, TunnelHost. Of either:
PrivateVpc, ServiceRole.
"""

from __future__ import annotations

from tenantnet.addresses.addressing import ReservedRange
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.components.alarm_topic import AlarmTopic, AlarmTopicArgs
from tenantnet.components.endpoint_record import EndpointRecord, EndpointRecordArgs
from tenantnet.components.platform_key import PlatformKey, PlatformKeyArgs
from tenantnet.components.platform_tables import PlatformTables, PlatformTablesArgs
from tenantnet.components.private_vpc import PrivateVpc, PrivateVpcArgs
from tenantnet.components.range_claim import RangeClaim, RangeClaimArgs
from tenantnet.components.security import HTTPS, MYSQL, PING, SecurityRuleArgs, Service, allow_from, allow_to
from tenantnet.components.service_peering import PeeringSide, ServicePeering, ServicePeeringArgs
from tenantnet.components.service_role import ServiceRole, ServiceRoleArgs
from tenantnet.components.session_subnet import SessionSubnet, SessionSubnetArgs
from tenantnet.components.tenant_database import (
    FinalSnapshot,
    Fresh,
    Leaving,
    MasterUser,
    Nothing,
    Promoted,
    ReplicaOf,
    Restored,
    TenantDatabase,
    TenantDatabaseArgs,
)
from tenantnet.components.tenant_network import TenantNetwork, TenantNetworkArgs
from tenantnet.components.tunnel_access import TunnelAccess, TunnelAccessArgs
from tenantnet.components.tunnel_host import TunnelHost, TunnelHostArgs
from tenantnet.components.vpn_connection import VpnConnection, VpnConnectionArgs
from tenantnet.refusal import Refusal, Refused
from tenantnet.tags import Lifecycle, Owner, Part

__all__ = [
    "HTTPS",
    "MYSQL",
    "PING",
    "AlarmTopic",
    "AlarmTopicArgs",
    "Claim",
    "ClaimKind",
    "EndpointRecord",
    "EndpointRecordArgs",
    "FinalSnapshot",
    "Fresh",
    "Leaving",
    "Lifecycle",
    "MasterUser",
    "Nothing",
    "Owner",
    "Part",
    "PeeringSide",
    "PlatformKey",
    "PlatformKeyArgs",
    "PlatformTables",
    "PlatformTablesArgs",
    "PrivateVpc",
    "PrivateVpcArgs",
    "Promoted",
    "RangeClaim",
    "RangeClaimArgs",
    "Refusal",
    "Refused",
    "ReplicaOf",
    "ReservedRange",
    "Restored",
    "SecurityRuleArgs",
    "Service",
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
    "allow_from",
    "allow_to",
]
