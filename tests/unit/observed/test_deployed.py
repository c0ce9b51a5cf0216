"""What a record makes of AWS's answer."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from tenantnet.observed.deployed import SiteToSiteVpn


def test_an_answer_of_another_form_is_refused_without_a_word_of_what_it_holds() -> None:
    answer = {"State": "available", "CustomerGatewayConfiguration": "pre-shared"}
    with pytest.raises(ValidationError) as refused:
        SiteToSiteVpn.model_validate(answer)
    assert "VpnConnectionId" in str(refused.value)
    assert "pre-shared" not in str(refused.value)
