"""docs/vpn.md says what the commands print."""

from __future__ import annotations

import json
import re

from tenantnet.vpn.listing import VpnListing
from tenantnet.vpn.status import VpnStatus

from tests.support.clone import CLONE

DOC = (CLONE / "docs" / "vpn.md").read_text()
STATUS, LIST = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOC, re.DOTALL))


def test_the_status_document_is_one_that_the_command_could_print() -> None:
    assert VpnStatus.model_validate(STATUS).model_dump(mode="json", by_alias=True) == STATUS


def test_the_list_is_one_that_the_command_could_print() -> None:
    (listed,) = LIST["vpnConnections"]
    assert VpnListing.model_validate(listed).model_dump(mode="json", by_alias=True) == listed
