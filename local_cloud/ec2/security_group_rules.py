"""Rules of security groups, revoked by their ids: all of them, or none where one is unknown.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import InvalidSecurityGroupRuleIdNotFoundError
from moto.ec2.models import EC2Backend


class SecurityGroupRuleBackend(EC2Backend):
    """Says of an unknown rule that it is unknown: the provider takes it for gone then."""

    # Passed on as they are.
    def revoke_security_group_ingress(self, **asked: Any) -> None:  # type: ignore[override] # noqa: ANN401
        self._require_rules(**asked)
        super().revoke_security_group_ingress(**asked)

    def revoke_security_group_egress(self, **asked: Any) -> None:  # type: ignore[override] # noqa: ANN401
        self._require_rules(**asked)
        super().revoke_security_group_egress(**asked)

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
