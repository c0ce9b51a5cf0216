"""What a record makes of AWS's answer."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from tenantnet.observed.deployed import Route, SecurityGroupRule, SiteToSiteVpn


def test_an_answer_of_another_form_is_refused_without_a_word_of_what_it_holds() -> None:
    answer = {"State": "available", "CustomerGatewayConfiguration": "pre-shared"}
    with pytest.raises(ValidationError) as refused:
        SiteToSiteVpn.model_validate(answer)
    assert "VpnConnectionId" in str(refused.value)
    assert "pre-shared" not in str(refused.value)


def test_what_aws_answers_empty_is_not_there_and_what_a_program_names_is_kept() -> None:
    route = {"DestinationCidrBlock": "10.0.0.0/8", "VpcPeeringConnectionId": "", "GatewayId": "igw-1"}
    assert Route.model_validate(route).target == "igw-1"
    rule = SecurityGroupRule(id="", group_id="sg-1", egress=False, protocol="tcp", peer="sg-2")
    assert rule.id == ""
