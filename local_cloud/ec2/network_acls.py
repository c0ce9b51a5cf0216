"""Network ACLs: what EC2 always has in them, what it takes, and that they go with what they belong to.

https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html
Error codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import DependencyViolationError, EC2ClientError, InvalidNetworkAclIdError
from moto.ec2.models import EC2Backend
from moto.ec2.models.network_acls import NetworkAcl, NetworkAclAssociation, NetworkAclEntry
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPC
from tenantnet.aws.quotas import ACL_RULES, NETWORK_ACLS
from tenantnet.local_cloud.quotas import require_room

# The rule that ends every ACL. It can neither be changed nor removed.
LAST_RULE = 32767
# AWS's default quota "Rules per network ACL", for each direction.


class NetworkAclBackend(EC2Backend):
    """Keeps ACLs as EC2 does."""

    def create_network_acl(
        self, vpc_id: str, tags: list[dict[str, str]] | None = None, default: bool = False
    ) -> NetworkAcl:
        """The ACL; one that is not its VPC's default lets nothing through yet."""
        if not default:
            acls = [*self.network_acls.values()]
            require_room(self, NETWORK_ACLS, sum(each.vpc_id == vpc_id for each in acls))
        acl = super().create_network_acl(vpc_id, tags, default)
        if not default:
            self._all_traffic(acl.id, LAST_RULE, "deny")
        return acl

    def add_default_entries(self, network_acl_id: str) -> None:
        self._all_traffic(network_acl_id, 100, "allow")
        self._all_traffic(network_acl_id, LAST_RULE, "deny")

    def _all_traffic(self, network_acl_id: str, rule_number: int, action: str) -> None:
        for egress in (True, False):
            super().create_network_acl_entry(
                network_acl_id=network_acl_id,
                rule_number=rule_number,
                protocol="-1",
                rule_action=action,
                egress=egress,
                cidr_block="0.0.0.0/0",
                icmp_code=None,
                icmp_type=None,
                port_range_from=None,
                port_range_to=None,
                ipv6_cidr_block=None,
            )

    def create_network_acl_entry(
        self,
        network_acl_id: str,
        rule_number: int,
        *args: Any,  # noqa: ANN401 - passed on as they are
        **entry: Any,  # noqa: ANN401
    ) -> NetworkAclEntry:
        """The entry. Refused where its direction has as many as the quota allows."""
        _refuse_number(rule_number)
        entries = self.get_network_acl(network_acl_id).entries
        # The last rule does not count.
        require_room(self, ACL_RULES, sum(each.egress == entry["egress"] for each in entries) - 1)
        return super().create_network_acl_entry(network_acl_id, rule_number, *args, **entry)

    def delete_network_acl_entry(
        self, network_acl_id: str, rule_number: int, egress: bool
    ) -> NetworkAclEntry:
        _refuse_number(rule_number)
        entries = self.get_network_acl(network_acl_id).entries
        if not any((each.egress, each.rule_number) == (egress, rule_number) for each in entries):
            direction = "egress" if egress else "ingress"
            raise EC2ClientError(
                "InvalidNetworkAclEntry.NotFound", f"no {direction} entry with number {rule_number}"
            )
        return super().delete_network_acl_entry(network_acl_id, rule_number, egress)

    def replace_network_acl_association(
        self, association_id: str, network_acl_id: str
    ) -> NetworkAclAssociation:
        self.get_network_acl(network_acl_id)
        if not any(association_id in acl._associations for acl in [*self.network_acls.values()]):
            raise EC2ClientError(
                "InvalidAssociationID.NotFound", f"The association ID '{association_id}' does not exist."
            )
        return super().replace_network_acl_association(association_id, network_acl_id)

    def describe_network_acls(
        self, network_acl_ids: list[str] | None = None, filters: dict[str, list[str]] | None = None
    ) -> list[NetworkAcl]:
        for acl_id in network_acl_ids or ():
            if acl_id not in self.network_acls:
                raise InvalidNetworkAclIdError(acl_id)
        # moto knows the ids by the other filter alone.
        ids = {"network-acl-id": "association.network-acl-id"}
        named = {ids.get(name, name): values for name, values in (filters or {}).items()}
        return super().describe_network_acls(network_acl_ids, named)

    def delete_network_acl(self, network_acl_id: str) -> NetworkAcl:
        if self.get_network_acl(network_acl_id).default:
            raise EC2ClientError(
                "InvalidParameterValue", f"cannot delete default network ACL {network_acl_id}"
            )
        return super().delete_network_acl(network_acl_id)

    def delete_subnet(self, subnet_id: str) -> Subnet:
        """The subnet; its association with an ACL goes with it."""
        subnet = super().delete_subnet(subnet_id)
        for acl in [*self.network_acls.values()]:
            for association in acl.associations:
                if association.subnet_id == subnet_id:
                    del acl._associations[association.id]
        return subnet

    def delete_vpc(self, vpc_id: str) -> VPC:
        """The VPC; its default ACL goes with it, and another one holds it."""
        acls = [acl for acl in [*self.network_acls.values()] if acl.vpc_id == vpc_id]
        if not all(acl.default for acl in acls):
            raise DependencyViolationError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
        vpc = super().delete_vpc(vpc_id)
        for acl in acls:
            del self.network_acls[acl.id]
        return vpc


def _refuse_number(rule_number: int) -> None:
    if not 1 <= rule_number < LAST_RULE:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ({rule_number}) for parameter ruleNumber is invalid. "
            f"Rulenumber must be in range 1..{LAST_RULE - 1}",
        )
