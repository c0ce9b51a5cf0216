"""docs/vpn.md says what the commands print."""

from __future__ import annotations

import json
import re
from pathlib import Path

from infra.cli.vpn_status import VpnStatus
from infra.vpn.listing import VpnListing

DOC = (Path(__file__).parents[2] / "docs" / "vpn.md").read_text()
STATUS, LIST = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOC, re.DOTALL))


def test_the_status_document_is_one_that_the_command_could_print() -> None:
    assert VpnStatus.model_validate(STATUS).model_dump(mode="json", by_alias=True) == STATUS


def test_the_list_is_one_that_the_command_could_print() -> None:
    (listed,) = LIST["vpnConnections"]
    assert VpnListing.model_validate(listed).model_dump(mode="json", by_alias=True) == listed
