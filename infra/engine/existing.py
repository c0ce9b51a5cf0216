"""What AWS has already where the stack was to make it: how it is seen, and how it goes. Pure.

What somebody has put back by hand is not what the stack had, if it has an id of its own, as a rule has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from shlex import quote

from tenantnet.aws import types
from tenantnet.engine.events import EngineLog, Status, Step

# An error of AWS's in the provider's words; some services' errors are `api error`, others' are not.
AWS_ERROR = re.compile(
    r"(?:RequestID: [^,\s]*, (?:HostID: [^,\s]*, )?(?:api error )?|api error )"
    r"(?P<code>[A-Za-z0-9.]+): (?P<words>[^\n]*[^\s:])"
)
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, and botocore's models. Those of
# Route 53, DynamoDB and the scheduler are for more than that, and their words tell.
_EXISTS = re.compile(
    r"\.Duplicate|AlreadyExists|AlreadyAssociated|ResourceExists|^InvalidSubnet\.Conflict:|already exists"
)
UNKNOWN = (
    "What is there already is unknown to this stack: it was made by hand, by another stack, or by an update "
    "that was cut off"
)
_SEE = "see what it is and whose, and remove it if nobody needs what is in it"
# A security group has an equal rule only once, so the one that is there admits what the stack's own would.
_EQUAL_RULE = (
    "an equal rule is there: remove it, and update at once, as its traffic does not get through in between"
)
_PERMISSION = "'IpProtocol={ipProtocol},FromPort={fromPort},ToPort={toPort},IpRanges=[{{CidrIp={cidrIpv4}}}]'"
_RULES = "ec2 describe-security-group-rules --filters Name=group-id,Values={securityGroupId}"
_REVOKE = "ec2 revoke-security-group-{} --group-id {{securityGroupId}} --ip-permissions {}"
# The commands of the AWS CLI that show it and take it away, with the stack's own inputs filled in.
_COMMANDS: Mapping[str, tuple[str, str]] = {
    types.INGRESS_RULE: (_RULES, _REVOKE.format("ingress", _PERMISSION)),
    types.EGRESS_RULE: (_RULES, _REVOKE.format("egress", _PERMISSION)),
    types.ROUTE: (
        "ec2 describe-route-tables --route-table-ids {routeTableId}",
        "ec2 delete-route --route-table-id {routeTableId} --destination-cidr-block {destinationCidrBlock}",
    ),
    types.PEERING: (
        "ec2 describe-vpc-peering-connections --filters Name=requester-vpc-info.vpc-id,Values={vpcId}",
        "ec2 delete-vpc-peering-connection --vpc-peering-connection-id ID",
    ),
    types.SUBNET: (
        "ec2 describe-subnets --filters Name=vpc-id,Values={vpcId}",
        "ec2 delete-subnet --subnet-id ID",
    ),
    types.SECURITY_GROUP: (
        "ec2 describe-security-groups --filters Name=vpc-id,Values={vpcId} Name=group-name,Values={name}",
        "ec2 delete-security-group --group-id ID",
    ),
    # Under another name it keeps its data.
    types.DATABASE: (
        "rds describe-db-instances --db-instance-identifier {identifier}",
        "rds modify-db-instance --db-instance-identifier {identifier} "
        "--new-db-instance-identifier {identifier}-former --apply-immediately",
    ),
}


def ways_out(log: EngineLog) -> list[str]:
    """Of each error about what is there already, in lines: what to do, and the commands for it."""
    failed = {step.urn: step for step in log.steps if step.status is Status.FAILED}
    there = [error for error in log.errors if _is_there(error.message)]
    return [
        line
        for error in there
        for step in (failed.get(error.urn),)
        for line in (f"{error.resource}: {_advice(step)}", *_commands(step))
    ]


def _is_there(message: str) -> bool:
    found = AWS_ERROR.search(message)
    return bool(found and _EXISTS.search(f"{found['code']}: {found['words']}"))


def _advice(step: Step | None) -> str:
    return _EQUAL_RULE if step and step.type in (types.INGRESS_RULE, types.EGRESS_RULE) else _SEE


def _commands(step: Step | None) -> list[str]:
    if step is None or step.new is None:
        return []
    told = {name: quote(str(value)) for name, value in (step.new.inputs or {}).items()}
    with suppress(KeyError):
        return [f"  aws {each.format(**told)}" for each in _COMMANDS.get(step.type, ())]
    return []
