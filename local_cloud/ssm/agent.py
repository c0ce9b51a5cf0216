"""Whether the agent on an instance reaches Session Manager, by the endpoints of its VPC.

https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models import ec2_backends
from tenantnet.local_cloud.iam.callers import ADMINISTRATOR_POLICY
from tenantnet.local_cloud.iam.policy import Decision, Policies, Request, ResourcePolicy, judge

RUNNING = "running"
# By service: the calls without which an instance is not online.
CALLS = {
    "ssm": ("ssm:UpdateInstanceInformation",),
    "ssmmessages": (
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ),
}


def is_online(account_id: str, region: str, instance_id: str) -> bool:
    """Whether the instance runs, and every endpoint of Session Manager in its VPC lets its agent through.

    A VPC without endpoints is taken to reach Session Manager another way.
    """
    ec2: Any = ec2_backends[account_id][region]
    instance = ec2.get_instance_by_id(instance_id)
    if not instance or instance.state != RUNNING:
        return False
    policies = {
        endpoint.service_name.rpartition(".")[2]: endpoint.policy_document
        for endpoint in ec2.vpc_end_points.values()
        if endpoint.vpc_id == instance.vpc_id and endpoint.state != "deleted" and endpoint.private_dns_enabled
    }
    role = _role_arn(ec2, instance_id)
    return all(
        _lets_through(policies[service], action, role, account_id)
        for service, actions in CALLS.items()
        if service in policies
        for action in actions
    )


def _role_arn(ec2: Any, instance_id: str) -> str:  # noqa: ANN401 - moto has no types for it
    """The role whose credentials the agent has; empty without one."""
    association = ec2.iam_instance_profile_associations.get(instance_id)
    roles = association.iam_instance_profile.roles if association else ()
    return str(roles[0].arn) if roles else ""


def _lets_through(policy: str, action: str, role: str, account_id: str) -> bool:
    """Whether the endpoint does: what the role itself may is asked by Session Manager."""
    context = {"aws:PrincipalAccount": role.split(":")[4], "aws:PrincipalArn": role} if role else {}
    own = ResourcePolicy(policy=policy, principals=(role,), account=account_id, required=True)
    request = Request(action=action, resource="*", context=context)
    return judge(Policies(identity=[ADMINISTRATOR_POLICY]), request, own).decision is Decision.ALLOWED
