"""Rules of security groups: once in each; revoked by their ids, all of them, or none where one is unknown.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html; EC2's words about a rule that is
there are in https://github.com/hashicorp/terraform/issues/1874 and the like.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import EC2ClientError, InvalidSecurityGroupRuleIdNotFoundError
from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule


class SecurityGroupRuleBackend(EC2Backend):
    """Says of an unknown rule that it is unknown: the provider takes it for gone then."""

    # Passed on as they are.
    def authorize_security_group_ingress(  # type: ignore[override]
        self,
        **asked: Any,  # noqa: ANN401
    ) -> tuple[list[SecurityGroupRule], SecurityGroup]:
        self._require_new(egress=False, **asked)
        return super().authorize_security_group_ingress(**asked)

    def authorize_security_group_egress(  # type: ignore[override]
        self,
        **asked: Any,  # noqa: ANN401 - likewise
    ) -> tuple[list[SecurityGroupRule], SecurityGroup]:
        self._require_new(egress=True, **asked)
        return super().authorize_security_group_egress(**asked)

    def revoke_security_group_ingress(self, **asked: Any) -> None:  # type: ignore[override] # noqa: ANN401
        self._require_rules(**asked)
        super().revoke_security_group_ingress(**asked)

    def revoke_security_group_egress(self, **asked: Any) -> None:  # type: ignore[override] # noqa: ANN401
        self._require_rules(**asked)
        super().revoke_security_group_egress(**asked)

    def _require_new(
        self,
        *,
        egress: bool,
        group_name_or_id: str,
        ip_protocol: str,
        from_port: str,
        to_port: str,
        ip_ranges: list[Any],
        source_groups: list[dict[str, Any]],
        prefix_list_ids: list[dict[str, str]],
        vpc_id: str | None = None,
        **_asked: Any,  # noqa: ANN401 - likewise
    ) -> None:
        if (group := self.get_security_group_by_name_or_id(group_name_or_id, vpc_id)) is None:
            return
        has = {_in_words(rule) for rule in (group.egress_rules if egress else group.ingress_rules)}
        sources = self._add_source_group(source_groups, vpc_id)
        for rule in self._iterate_security_rules(
            ip_protocol, group.id, from_port, to_port, ip_ranges, sources, prefix_list_ids, egress
        ):
            if (words := _in_words(rule)) in has:
                said = f'the specified rule "{words}" already exists'
                raise EC2ClientError("InvalidPermission.Duplicate", said)

    def _require_rules(
        self,
        group_name_or_id: str,
        security_rule_ids: list[str],
        vpc_id: str | None = None,
        **_asked: Any,  # noqa: ANN401 - likewise
    ) -> None:
        group = self.get_security_group_by_name_or_id(group_name_or_id, vpc_id)
        for rule in security_rule_ids:
            if group and group.get_rule(rule) is None:
                raise InvalidSecurityGroupRuleIdNotFoundError(rule)


def _in_words(rule: SecurityGroupRule) -> str:
    """What a group has once, as EC2 writes it; descriptions do not count."""
    peer = rule.cidr_ipv4 or rule.cidr_ipv6 or rule.prefix_list_id or rule.source_group.get("GroupId")
    first, last = ("ALL" if each == -1 else each for each in (rule.from_port, rule.to_port))
    match rule.ip_protocol:
        case "-1":
            service = "ALL"
        case "icmp":
            service = f"ICMP, type: {first}, code: {last}"
        case "tcp" | "udp" as protocol:
            service = f"{protocol.upper()}, from port: {first}, to port: {last}"
        case number:
            service = f"protocol: {number}"
    return f"peer: {peer}, {service}, ALLOW"
