"""What the provider calls for a change or the removal of a resource, by the type that Pulumi calls it.

A record shows what one run did. These are for every property that a setting or a new version of the
components can change, and for every removal: read from the provider's own source, resource by resource.
https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service
"""

from __future__ import annotations

from collections.abc import Mapping

from tenantnet.aws import types

_EC2_TAGS = ("ec2:CreateTags", "ec2:DeleteTags")
_RDS_TAGS = ("rds:AddTagsToResource", "rds:RemoveTagsFromResource")

# Of a network, whoever declares it.
_NETWORK: Mapping[str, tuple[str, ...]] = {
    types.VPC: ("ec2:ModifyVpcAttribute", "ec2:DeleteVpc", *_EC2_TAGS),
    types.FLOW_LOG: ("ec2:DeleteFlowLogs", *_EC2_TAGS),
    types.LOG_GROUP: (
        "logs:AssociateKmsKey",
        "logs:DeleteLogGroup",
        "logs:DeleteRetentionPolicy",
        "logs:DisassociateKmsKey",
        "logs:PutRetentionPolicy",
        "logs:TagResource",
        "logs:UntagResource",
    ),
    types.DEFAULT_SECURITY_GROUP: (
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
        *_EC2_TAGS,
    ),
    types.SUBNET: ("ec2:DeleteSubnet", "ec2:ModifySubnetAttribute", *_EC2_TAGS),
    types.ROUTE_TABLE: ("ec2:DeleteRouteTable", *_EC2_TAGS),
    types.ROUTE_TABLE_ASSOCIATION: ("ec2:DisassociateRouteTable", "ec2:ReplaceRouteTableAssociation"),
    types.SECURITY_GROUP: ("ec2:DeleteSecurityGroup", *_EC2_TAGS),
    types.INGRESS_RULE: (
        "ec2:ModifySecurityGroupRules",
        "ec2:RevokeSecurityGroupIngress",
        *_EC2_TAGS,
    ),
    types.EGRESS_RULE: ("ec2:ModifySecurityGroupRules", "ec2:RevokeSecurityGroupEgress", *_EC2_TAGS),
    types.INSTANCE: (
        "ec2:ModifyInstanceAttribute",
        "ec2:ModifyInstanceMetadataOptions",
        "ec2:ModifyVolume",
        "ec2:StartInstances",
        "ec2:StopInstances",
        "ec2:TerminateInstances",
        *_EC2_TAGS,
    ),
    types.ALARM: (
        "cloudwatch:DeleteAlarms",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:TagResource",
        "cloudwatch:UntagResource",
    ),
    types.DOCUMENT: (
        "ssm:AddTagsToResource",
        "ssm:DeleteDocument",
        "ssm:ListTagsForResource",
        "ssm:RemoveTagsFromResource",
        "ssm:UpdateDocument",
        "ssm:UpdateDocumentDefaultVersion",
    ),
}
OF_PLATFORMS: Mapping[str, tuple[str, ...]] = {
    **_NETWORK,
    types.KEY: (
        "kms:DisableKeyRotation",
        "kms:EnableKeyRotation",
        "kms:PutKeyPolicy",
        "kms:TagResource",
        "kms:UntagResource",
        "kms:UpdateKeyDescription",
    ),
    "aws:kms/alias:Alias": ("kms:DeleteAlias", "kms:UpdateAlias"),
    types.TABLE: (
        "dynamodb:DeleteTable",
        # Before a platform is removed, the program looks whose claims are left.
        "dynamodb:Scan",
        "dynamodb:TagResource",
        "dynamodb:UntagResource",
        "dynamodb:UpdateContinuousBackups",
        "dynamodb:UpdateTable",
    ),
    "aws:sns/topic:Topic": (
        "sns:DeleteTopic",
        "sns:SetTopicAttributes",
        "sns:TagResource",
        "sns:UntagResource",
    ),
    "aws:sns/topicPolicy:TopicPolicy": ("sns:SetTopicAttributes",),
    "aws:sns/topicSubscription:TopicSubscription": (
        "sns:GetSubscriptionAttributes",
        "sns:SetSubscriptionAttributes",
        "sns:Subscribe",
        "sns:Unsubscribe",
    ),
    "aws:iam/role:Role": (
        "iam:DeleteRole",
        "iam:PutRolePermissionsBoundary",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
    ),
    "aws:iam/rolePolicy:RolePolicy": ("iam:DeleteRolePolicy", "iam:PutRolePolicy"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("iam:DetachRolePolicy",),
    types.INSTANCE_PROFILE: (
        "iam:DeleteInstanceProfile",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:TagInstanceProfile",
        "iam:UntagInstanceProfile",
    ),
    types.VPC_ENDPOINT: ("ec2:DeleteVpcEndpoints", "ec2:ModifyVpcEndpoint", *_EC2_TAGS),
    types.ZONE: (
        "route53:ChangeTagsForResource",
        "route53:DeleteHostedZone",
        "route53:UpdateHostedZoneComment",
    ),
    "aws:codebuild/project:Project": ("codebuild:DeleteProject", "codebuild:UpdateProject"),
}
OF_TENANTS: Mapping[str, tuple[str, ...]] = {
    **_NETWORK,
    # The runner makes it; an ordinary update in the course of a live move may find it gone.
    types.EGRESS_RULE: (*_NETWORK[types.EGRESS_RULE], "ec2:AuthorizeSecurityGroupEgress"),
    types.NETWORK_ACL: (
        "ec2:CreateNetworkAclEntry",
        "ec2:DeleteNetworkAcl",
        "ec2:DeleteNetworkAclEntry",
        "ec2:ReplaceNetworkAclAssociation",
        *_EC2_TAGS,
    ),
    types.ROUTE: ("ec2:DeleteRoute", "ec2:ReplaceRoute"),
    types.PEERING: (
        "ec2:DeleteVpcPeeringConnection",
        "ec2:ModifyVpcPeeringConnectionOptions",
        *_EC2_TAGS,
    ),
    types.CUSTOMER_GATEWAY: ("ec2:DeleteCustomerGateway", *_EC2_TAGS),
    types.VPN_GATEWAY: ("ec2:AttachVpnGateway", "ec2:DeleteVpnGateway", "ec2:DetachVpnGateway", *_EC2_TAGS),
    types.ROUTE_PROPAGATION: ("ec2:DisableVgwRoutePropagation",),
    types.VPN_CONNECTION: (
        "ec2:DeleteVpnConnection",
        "ec2:ModifyVpnConnection",
        "ec2:ModifyVpnConnectionOptions",
        "ec2:ModifyVpnTunnelOptions",
        *_EC2_TAGS,
    ),
    types.VPN_CONNECTION_ROUTE: ("ec2:DeleteVpnConnectionRoute",),
    types.DATABASE: (
        "rds:DeleteDBInstance",
        "rds:ModifyDBInstance",
        "rds:RebootDBInstance",
        *_RDS_TAGS,
    ),
    types.SUBNET_GROUP: ("rds:DeleteDBSubnetGroup", "rds:ModifyDBSubnetGroup", *_RDS_TAGS),
    types.PARAMETER_GROUP: (
        "rds:DeleteDBParameterGroup",
        "rds:ModifyDBParameterGroup",
        "rds:ResetDBParameterGroup",
        *_RDS_TAGS,
    ),
    types.RECORD: ("route53:ChangeResourceRecordSets", "route53:GetChange"),
    types.TABLE_ITEM: ("dynamodb:DeleteItem", "dynamodb:PutItem"),
    types.SCHEDULE: ("scheduler:DeleteSchedule", "scheduler:UpdateSchedule"),
}
