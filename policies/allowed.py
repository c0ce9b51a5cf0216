"""What a stack of Tenantnet may consist of: every type that a component makes, and every property it sets.

Everything else is a finding. A new component needs an entry here, and nothing more. ANY is a value that does
no harm, or that a policy of its own judges.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from tenantnet.aws import types as aws
from tenantnet.aws.engines import FAMILIES
from tenantnet.aws.session_documents import MYSQL_PORT
from tenantnet.aws.sizes import HOST_TYPES
from tenantnet.components.private_vpc import LOG_RETENTION_DAYS
from tenantnet.policies.model import PLATFORM_PREFIX, Unknown
from tenantnet.policies.names import WATCHED
from tenantnet.policies.shapes import ANY, Fields, Only, Permit, Ref, Shape, Where, exactly, never
from tenantnet.settings.checks import (
    check_backup_window,
    check_iops,
    check_maintenance_window,
    check_throughput,
)
from tenantnet.tags import Part

TOPIC, ROLE = "aws:sns/topic:Topic", "aws:iam/role:Role"
ROLE_POLICY, FLOW_LOG = "aws:iam/rolePolicy:RolePolicy", "aws:ec2/flowLog:FlowLog"
TOPIC_POLICY, PROJECT = "aws:sns/topicPolicy:TopicPolicy", "aws:codebuild/project:Project"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
ROLE_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
ROLE_RIGHTS = (ROLE_POLICY, ROLE_ATTACHMENT)
PROVIDER, STACK = "pulumi:providers:aws", "pulumi:pulumi:Stack"
COMPONENTS = (
    *(
        "AlarmTopic",
        "DatabasePeering",
        "EndpointRecord",
        "MigrationRunner",
        "MigrationSchedule",
        "PlatformKey",
        "PlatformTables",
    ),
    *("PrivateVpc", "RangeClaim", "ServicePeering", "ServiceRole", "SessionSubnet", "TenantDatabase"),
    *("TenantNetwork", "TunnelAccess", "TunnelHost", "VpnConnection"),
)
AGENTS_POLICY = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
START_BUILD = "arn:aws:scheduler:::aws-sdk:codebuild:startBuild"

PUBLIC = "a public address, or any of IPv6, is half of a way to the internet"
ROUTES_APART = "a table that lists its routes removes those of other stacks, and hides which peering they use"
RULES_APART = "rules in the group itself are neither checked nor shown one by one in a preview"
ELSEWHERE = "what a policy from elsewhere allows does not show here, and can be changed elsewhere"
WIDE_SHARE = "everybody it is shared with would have what is in it"
TOKENS = "without a token any request that a host forwards reads its role's credentials"
ENCRYPTED = "what is not encrypted with the cell's key can be read by whoever gets hold of the disk"
JOINS = "what it lets through does not show in the routes of this stack"
OTHER_PLACE = "the other account or region is nobody's that this pack knows"
THROUGH_VPN = "companies would reach sessions, services or other tenants through it"
OTHERS_SESSIONS = (
    "its sessions are another tenant's, and they would reach this one, or this one's reach theirs"
)
ONCE = "every further start is a build that nobody asked for, and may move the database"
ALARMS_TO_PEOPLE = "an alarm's names go to people who have confirmed their address, and to no program"
METRICS = "an alarm shows what it watches, and another tenant's load and times are not this one's to see"
UNWATCHED = "what a build has done is looked for in the runner's log group, and its words are nobody else's"
CODE = "it would be code of its own in the network, which no policy reads"
RENAMED = "by env_var_mappings any variable of the environment would say which region and account it is in"
OTHER_PLUGIN = "another program than the AWS provider of Pulumi would make the stack's resources"


def _text(pattern: str, words: str, **options: object) -> Only:
    form = re.compile(pattern)
    return Only(words, lambda value: isinstance(value, str) and form.fullmatch(value) is not None, **options)  # type: ignore[arg-type]


def _is_known(value: object) -> bool:
    match value:
        case Unknown():
            return False
        case Mapping():
            return all(map(_is_known, value.values()))
        case list():
            return all(map(_is_known, value))
        case _:
            return True


def _any(*names: str) -> Mapping[str, Permit]:
    return dict.fromkeys(names, ANY)


def _never(reason: str, *names: str) -> Mapping[str, Permit]:
    return dict.fromkeys(names, never(reason))


_KEY = Ref(
    (aws.KEY,), ("kms_key_arn",), reason="another key is not this cell's to revoke, or is somebody else's"
)
_KNOWN = Only(
    "a value that the preview knows",
    _is_known,
    reason="it says where every resource is and whose, and would be judged once they are there",
)
_OLD_MYSQL = "MySQL's older versions have no updates any more, and weaker passwords and TLS"
_RDS = "RDS refuses it, after other resources have changed"
_TOPICS = Ref(
    (TOPIC,),
    ("alarm_topic_arn",),
    needed=False,
    many=True,
    reason="alarms show a tenant's names and state",
)
_OWN_VPC = Ref((aws.VPC,))
_NETWORK_VPC = Ref((aws.VPC,), parts=(Part.NETWORK,), reason=THROUGH_VPN)
_HOSTS = (Part.PING_HOST, Part.TUNNEL_HOST)
_TUNNEL_OPTIONS = (
    *("DpdTimeoutAction", "DpdTimeoutSeconds", "IkeVersions"),
    *(f"Phase{phase}{option}" for phase in (1, 2) for option in ("DhGroupNumbers", "LifetimeSeconds")),
    *(f"Phase{phase}{option}Algorithms" for phase in (1, 2) for option in ("Encryption", "Integrity")),
)
_DISK = Fields(
    {
        **_any("volumeSize", "volumeType"),
        "encrypted": exactly(True, reason=ENCRYPTED, needed=True),
        "kmsKeyId": _KEY,
        "deleteOnTermination": exactly(True),
    },
    needed=True,
    reason=ENCRYPTED,
)
_METADATA = Fields(
    {
        "httpTokens": exactly("required", reason=TOKENS, needed=True),
        "httpEndpoint": ANY,
        "httpPutResponseHopLimit": exactly(1),
        "instanceMetadataTags": exactly("disabled"),
        "httpProtocolIpv6": exactly("disabled"),
    },
    needed=True,
    reason=TOKENS,
)

_BUILD_LOGS = Fields(
    {
        "cloudwatchLogs": Fields(
            {
                "status": exactly("ENABLED", reason=UNWATCHED),
                "groupName": Only("the runner's log group", lambda _: True, UNWATCHED, needed=True),
            },
            needed=True,
            reason=UNWATCHED,
        ),
    },
    reason=UNWATCHED,
)

_NETWORK: Mapping[str, Shape] = {
    aws.VPC: Shape(
        Where.BOTH,
        {
            **_any("cidrBlock"),
            **_never(PUBLIC, "assignGeneratedIpv6CidrBlock", "ipv6CidrBlock", "ipv6IpamPoolId"),
            "enableDnsSupport": exactly(True),
            "enableDnsHostnames": exactly(True),
            "instanceTenancy": exactly("default"),
        },
    ),
    aws.DEFAULT_SECURITY_GROUP: Shape(
        Where.BOTH, {"vpcId": _OWN_VPC, **_never(RULES_APART, "ingress", "egress")}
    ),
    aws.LOG_GROUP: Shape(
        Where.BOTH,
        {
            **_any("name"),
            "retentionInDays": exactly(LOG_RETENTION_DAYS, reason="what happened is looked for months later"),
            "kmsKeyId": _KEY,
            "logGroupClass": exactly("STANDARD"),
        },
    ),
    FLOW_LOG: Shape(
        Where.BOTH,
        {
            "vpcId": _OWN_VPC,
            "trafficType": exactly("ALL", reason="what is not logged is not seen", needed=True),
            "logDestinationType": exactly("cloud-watch-logs", reason=OTHER_PLACE),
            "logDestination": Ref((aws.LOG_GROUP,)),
            "iamRoleArn": Ref((ROLE,), ("flow_log_role_arn",)),
            "maxAggregationInterval": exactly(60, 600),
        },
    ),
    aws.SUBNET: Shape(
        Where.BOTH,
        {
            **_any("cidrBlock", "availabilityZone", "privateDnsHostnameTypeOnLaunch"),
            "vpcId": Ref((aws.VPC,), ("sessions_vpc_id",)),
            **_never(PUBLIC, "mapPublicIpOnLaunch", "ipv6CidrBlock", "assignIpv6AddressOnCreation"),
            **_never(PUBLIC, "ipv6Native", "enableDns64"),
        },
    ),
    aws.ROUTE_TABLE: Shape(
        Where.BOTH,
        {
            "vpcId": Ref((aws.VPC,), ("sessions_vpc_id",)),
            **_never(ROUTES_APART, "routes", "propagatingVgws"),
        },
    ),
    aws.ROUTE_TABLE_ASSOCIATION: Shape(
        Where.BOTH,
        {
            "subnetId": Ref((aws.SUBNET,)),
            "routeTableId": Ref((aws.ROUTE_TABLE,)),
            **_never(JOINS, "gatewayId"),
        },
    ),
    aws.SECURITY_GROUP: Shape(
        Where.BOTH,
        {**_any("name", "description"), "vpcId": _OWN_VPC, **_never(RULES_APART, "ingress", "egress")},
    ),
    aws.INGRESS_RULE: Shape(
        Where.BOTH,
        {
            **_any("cidrIpv4", "ipProtocol", "fromPort", "toPort", "description"),
            "securityGroupId": Ref((aws.SECURITY_GROUP,)),
            **_never(PUBLIC, "cidrIpv6"),
        },
    ),
    aws.EGRESS_RULE: Shape(
        Where.BOTH,
        {
            **_any("cidrIpv4", "ipProtocol", "fromPort", "toPort", "description"),
            "securityGroupId": Ref((aws.SECURITY_GROUP,)),
        },
    ),
    aws.INSTANCE: Shape(
        Where.BOTH,
        {
            **_any("privateIp"),
            "instanceType": exactly(
                *HOST_TYPES, reason="a host that only answers or forwards needs no other"
            ),
            "ami": _text(r"ami-[0-9a-f]+", "the ID of an image"),
            "subnetId": Ref((aws.SUBNET,)),
            "vpcSecurityGroupIds": Ref((aws.SECURITY_GROUP,), parts=_HOSTS, many=True),
            "iamInstanceProfile": Ref((aws.INSTANCE_PROFILE,), needed=False),
            **_never(PUBLIC, "associatePublicIpAddress", "ipv6AddressCount", "ipv6Addresses"),
            **_never(CODE, "userData", "userDataBase64", "keyName", "launchTemplate"),
            "sourceDestCheck": exactly(
                True, reason="a host that forwards what is not its own joins networks"
            ),
            "metadataOptions": _METADATA,
            "rootBlockDevice": _DISK,
        },
    ),
    aws.ALARM: Shape(
        Where.BOTH,
        {
            **_any("name", "alarmDescription", "metricName", "statistic", "period", "evaluationPeriods"),
            **_any("threshold", "comparisonOperator", "treatMissingData"),
            "namespace": exactly("AWS/RDS", "AWS/VPN", "AWS/CodeBuild", reason=METRICS, needed=True),
            "dimensions": Fields(
                {
                    **_any(*WATCHED),
                    "VpnId": Ref((aws.VPN_CONNECTION,), needed=False, reason=METRICS),
                },
                needed=True,
                words="one database, VPN connection or project of this stack",
                reason=METRICS,
            ),
            "actionsEnabled": exactly(True, reason="an alarm that tells nobody is none"),
            "alarmActions": replace(_TOPICS, needed=True),
            "okActions": _TOPICS,
        },
    ),
}

_TENANT: Mapping[str, Shape] = {
    aws.PEERING: Shape(
        Where.TENANT,
        {
            "vpcId": Ref((aws.VPC,), parts=(Part.NETWORK,)),
            "peerVpcId": Ref(
                (aws.VPC,),
                ("sessions_vpc_id", "services_vpc_id"),
                parts=(Part.NETWORK,),
                reason="a network is joined with the platform's VPCs, and with no other tenant's",
            ),
            "autoAccept": exactly(True),
            **_never(OTHER_PLACE, "peerOwnerId", "peerRegion"),
        },
    ),
    aws.ROUTE: Shape(
        Where.TENANT,
        {
            **_any("destinationCidrBlock"),
            "routeTableId": Ref((aws.ROUTE_TABLE,), ("services_route_table_id",), reason=OTHERS_SESSIONS),
            "vpcPeeringConnectionId": Ref(
                (aws.PEERING,), reason="where another's peering leads is not seen here"
            ),
            **_never(PUBLIC, "destinationIpv6CidrBlock", "natGatewayId", "egressOnlyGatewayId"),
            **_never(PUBLIC, "carrierGatewayId", "gatewayId"),
            **_never(JOINS, "transitGatewayId", "coreNetworkArn", "localGatewayId", "networkInterfaceId"),
            **_never(JOINS, "vpcEndpointId", "destinationPrefixListId", "instanceId"),
        },
    ),
    aws.NETWORK_ACL: Shape(
        Where.TENANT,
        {
            **_any("ingress", "egress"),
            "vpcId": Ref((), ("sessions_vpc_id",)),
            "subnetIds": Ref((aws.SUBNET,), parts=(Part.SESSION,), many=True),
        },
    ),
    aws.CUSTOMER_GATEWAY: Shape(
        Where.TENANT,
        {
            **_any("ipAddress", "deviceName"),
            "bgpAsn": exactly("65000", 65000, reason="with static routes it has no meaning but this one"),
            "type": exactly("ipsec.1"),
        },
    ),
    aws.VPN_GATEWAY: Shape(Where.TENANT, {"vpcId": _NETWORK_VPC}),
    aws.ROUTE_PROPAGATION: Shape(
        Where.TENANT,
        {
            "routeTableId": Ref((aws.ROUTE_TABLE,), parts=(Part.NETWORK,), reason=THROUGH_VPN),
            "vpnGatewayId": Ref((aws.VPN_GATEWAY,), reason=THROUGH_VPN),
        },
    ),
    aws.VPN_CONNECTION: Shape(
        Where.TENANT,
        {
            **_any("staticRoutesOnly", *(f"tunnel{n}{each}" for n in (1, 2) for each in _TUNNEL_OPTIONS)),
            **_never(
                "a key that a program has is as weak as it is chosen, and known to who reads the program",
                *("tunnel1PresharedKey", "tunnel2PresharedKey", "presharedKeyStorage"),
            ),
            **_never(JOINS, "transitGatewayId"),
            "type": exactly("ipsec.1"),
            "customerGatewayId": Ref((aws.CUSTOMER_GATEWAY,)),
            "vpnGatewayId": Ref((aws.VPN_GATEWAY,), reason=THROUGH_VPN),
        },
    ),
    aws.VPN_CONNECTION_ROUTE: Shape(
        Where.TENANT,
        {**_any("destinationCidrBlock"), "vpnConnectionId": Ref((aws.VPN_CONNECTION,))},
    ),
    aws.DATABASE: Shape(
        Where.TENANT,
        {
            **_any("identifier", "instanceClass", "allocatedStorage", "storageType", "multiAz"),
            **_any("username", "password", "publiclyAccessible", "storageEncrypted", "applyImmediately"),
            **_any("backupRetentionPeriod", "copyTagsToSnapshot", "deleteAutomatedBackups"),
            **_any(
                "deletionProtection", "skipFinalSnapshot", "finalSnapshotIdentifier", "snapshotIdentifier"
            ),
            **_any("autoMinorVersionUpgrade", "performanceInsightsEnabled"),
            "iops": Only("12000 to 64000", lambda value: not check_iops(value), _RDS),
            "storageThroughput": Only("500 to 4000", lambda value: not check_throughput(value), _RDS),
            "backupWindow": Only(
                "hh24:mi-hh24:mi, 30 minutes or longer", lambda value: not check_backup_window(value), _RDS
            ),
            "maintenanceWindow": Only(
                "ddd:hh24:mi-ddd:hh24:mi, 30 minutes or longer and shorter than a day",
                lambda value: not check_maintenance_window(value),
                _RDS,
            ),
            "engineVersion": _text(
                f"({'|'.join(map(re.escape, FAMILIES))})(\\..+)?",
                f"{' or '.join(FAMILIES)} or one of its minor ones",
                reason=_OLD_MYSQL,
            ),
            "engine": exactly("mysql", reason="no policy knows how another engine is made to require TLS"),
            "port": exactly(MYSQL_PORT),
            "networkType": exactly("IPV4", reason=PUBLIC),
            "enabledCloudwatchLogsExports": Only(
                "some of error, slowquery",
                lambda value: (
                    isinstance(value, list) and all(each in ("error", "slowquery") for each in value)
                ),
                "the other logs show what a tenant's clients ask and get",
            ),
            "kmsKeyId": _KEY,
            "dbSubnetGroupName": Ref((aws.SUBNET_GROUP,), reason="a database is in its tenant's own network"),
            "vpcSecurityGroupIds": Ref(
                (aws.SECURITY_GROUP,),
                parts=(Part.DATABASE,),
                many=True,
                reason="every other group lets other peers in",
            ),
            "parameterGroupName": Ref(
                (aws.PARAMETER_GROUP,), reason="AWS's default groups do not require TLS"
            ),
            "replicateSourceDb": Ref(
                (aws.DATABASE,), needed=False, reason="it would have another tenant's data"
            ),
        },
    ),
    aws.SUBNET_GROUP: Shape(
        Where.TENANT,
        {
            **_any("name", "description"),
            "subnetIds": Ref(
                (aws.SUBNET,),
                parts=(Part.NETWORK,),
                many=True,
                reason="a database is in its tenant's own network",
            ),
        },
    ),
    aws.PARAMETER_GROUP: Shape(
        Where.TENANT,
        {
            **_any("name", "description", "parameters"),
            "family": exactly(*FAMILIES.values(), reason=_OLD_MYSQL),
        },
    ),
    aws.RECORD: Shape(
        Where.TENANT,
        {
            **_any("name", "ttl"),
            "records": Ref(
                (aws.DATABASE,), many=True, reason="clients would hand their passwords to wherever it leads"
            ),
            "zoneId": Ref((), ("zone_id",)),
            "type": exactly("CNAME", reason="an endpoint is another name of its database"),
        },
    ),
    aws.TABLE_ITEM: Shape(Where.TENANT, {**_any("tableName", "item"), "hashKey": exactly("cidr")}),
    aws.SCHEDULE: Shape(
        Where.TENANT,
        {
            **_any("name", "description", "scheduleExpressionTimezone"),
            "scheduleExpression": _text(r"at\([0-9T:-]+\)", "one time: at(...)", reason=ONCE, needed=True),
            **_any("flexibleTimeWindow", "actionAfterCompletion"),
            "groupName": exactly("default"),
            "state": exactly("ENABLED"),
            "target": Fields(
                {
                    **_any("input", "retryPolicy"),
                    "arn": exactly(START_BUILD, reason="it would call AWS as the role that it names"),
                    "roleArn": Ref((), ("runner_schedule_role_arn",)),
                },
                needed=True,
            ),
        },
    ),
}

_PLATFORM: Mapping[str, Shape] = {
    aws.KEY: Shape(
        Where.PLATFORM,
        {
            **_any("description", "policy"),
            "deletionWindowInDays": exactly(
                30, reason="a deletion by mistake must be found before it is done"
            ),
            "rotationPeriodInDays": exactly(365),
            "enableKeyRotation": exactly(True, needed=True),
            "isEnabled": exactly(True),
            "keyUsage": exactly("ENCRYPT_DECRYPT"),
            "customerMasterKeySpec": exactly("SYMMETRIC_DEFAULT"),
        },
    ),
    aws.ALIAS: Shape(Where.PLATFORM, {**_any("name"), "targetKeyId": Ref((aws.KEY,))}),
    aws.TABLE: Shape(
        Where.PLATFORM,
        {
            **_any("name", "attributes", "billingMode", "hashKey", "rangeKey", "deletionProtectionEnabled"),
            "tableClass": exactly("STANDARD"),
            "pointInTimeRecovery": Fields(
                {**_any("recoveryPeriodInDays"), "enabled": exactly(True, needed=True)}, needed=True
            ),
            "serverSideEncryption": Fields(
                {"enabled": exactly(True, needed=True), "kmsKeyArn": _KEY}, needed=True, reason=ENCRYPTED
            ),
        },
    ),
    TOPIC: Shape(Where.PLATFORM, {**_any("name"), "kmsMasterKeyId": Ref((aws.KEY,))}),
    TOPIC_POLICY: Shape(Where.PLATFORM, {**_any("policy"), "arn": Ref((TOPIC,))}),
    SUBSCRIPTION: Shape(
        Where.PLATFORM,
        {
            **_any("endpoint", "confirmationTimeoutInMinutes"),
            "topic": Ref((TOPIC,)),
            "protocol": exactly("email", reason=ALARMS_TO_PEOPLE, needed=True),
            "endpointAutoConfirms": exactly(False),
            "rawMessageDelivery": exactly(False),
        },
    ),
    ROLE: Shape(
        Where.PLATFORM,
        {
            **_any("name", "description", "assumeRolePolicy", "permissionsBoundary"),
            "path": exactly("/"),
            "maxSessionDuration": exactly(3600),
            **_never(ELSEWHERE, "managedPolicyArns", "inlinePolicies"),
        },
    ),
    ROLE_POLICY: Shape(Where.PLATFORM, {**_any("name", "policy"), "role": Ref((ROLE,))}),
    ROLE_ATTACHMENT: Shape(
        Where.PLATFORM,
        {"role": Ref((ROLE,)), "policyArn": exactly(AGENTS_POLICY, reason=ELSEWHERE)},
    ),
    aws.INSTANCE_PROFILE: Shape(Where.PLATFORM, {**_any("name"), "path": exactly("/"), "role": Ref((ROLE,))}),
    aws.VPC_ENDPOINT: Shape(
        Where.PLATFORM,
        {
            **_any("policy"),
            "vpcId": _OWN_VPC,
            "serviceName": _text(
                r"com\.amazonaws\.[a-z0-9-]+\.(ssm|ssmmessages|ec2messages)",
                "a service of Session Manager in this region",
                reason="any other endpoint leads out of the network, or into it from another account",
            ),
            "vpcEndpointType": exactly("Interface"),
            "privateDnsEnabled": exactly(True),
            "ipAddressType": exactly("ipv4"),
            "subnetIds": Ref((aws.SUBNET,), many=True),
            "securityGroupIds": Ref((aws.SECURITY_GROUP,), many=True),
        },
    ),
    aws.ZONE: Shape(Where.PLATFORM, {**_any("name", "comment"), **_never(JOINS, "vpcs")}),
    PROJECT: Shape(
        Where.PLATFORM,
        {
            **_any("name", "description", "buildTimeout", "queuedTimeout", "sourceVersion"),
            "logsConfig": _BUILD_LOGS,
            "cache": Fields({"type": exactly("NO_CACHE", reason=OTHER_PLACE)}),
            "badgeEnabled": exactly(False, reason=WIDE_SHARE),
            "serviceRole": Ref((ROLE,)),
            "encryptionKey": _KEY,
            "projectVisibility": exactly("PRIVATE", reason=WIDE_SHARE),
            "artifacts": Fields({"type": exactly("NO_ARTIFACTS", reason=OTHER_PLACE)}),
            "source": Fields(_any("type", "location", "gitCloneDepth", "buildspec", "auth")),
            "environment": Fields(
                _any("type", "computeType", "image", "imagePullCredentialsType", "environmentVariables")
            ),
        },
    ),
}

# What the engine keeps of a provider, beside what the program gives it.
_INTERNAL = {
    "__internal": Fields(
        {
            **_any("pluginChecksums"),
            **_never(RENAMED, "envVarMappings"),
            **_never(OTHER_PLUGIN, "name", "parameterization", "pluginDownloadURL", "version"),
        }
    )
}

ALLOWED: Mapping[str, Shape] = MappingProxyType(
    {
        **_NETWORK,
        **_TENANT,
        **_PLATFORM,
        aws.DOCUMENT: Shape(
            Where.BOTH,
            {
                **_any("name", "content"),
                "documentType": exactly(
                    "Session", reason="any other document runs commands on hosts", needed=True
                ),
                "documentFormat": exactly("JSON"),
                "permissions": never(WIDE_SHARE),
            },
        ),
        PROVIDER: Shape(
            Where.BOTH,
            {
                **_any("version", "allowedAccountIds", "maxRetries"),
                **dict.fromkeys(("region", "profile", "defaultTags"), _KNOWN),
                **_any("skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation"),
                **_any("skipRequestingAccountId", "forbiddenAccountIds"),
                **_never(OTHER_PLACE, "assumeRoles", "assumeRole", "assumeRoleWithWebIdentity"),
                **_never(OTHER_PLACE, "accessKey", "secretKey", "token", "endpoints"),
                **_INTERNAL,
            },
        ),
        STACK: Shape(Where.BOTH, anything=True),
        # The engine's own, for the outputs of other stacks; and the components as a plugin.
        "pulumi:providers:pulumi": Shape(Where.BOTH, _INTERNAL),
        "pulumi:providers:tenantnet": Shape(Where.BOTH, {**_any("version"), **_INTERNAL}),
        **{f"tenantnet:index:{name}": Shape(Where.BOTH, anything=True) for name in COMPONENTS},
    }
)


def is_placed(kind: str, stack: str) -> bool:
    """Whether resources of the type belong into the stack of this name."""
    here = Where.PLATFORM if stack.startswith(PLATFORM_PREFIX) else Where.TENANT
    return ALLOWED[kind].where in (here, Where.BOTH)
