"""What an audit tells people to paste."""

from __future__ import annotations

import json
import shlex

import pytest
from tenantnet.cli.claims import release_command


@pytest.mark.parametrize("cidr", ["10.1.2.0/26", "10.1.2.0/26'; id; '", '"; $(id) `id`\n', "a b\\"])
def test_a_row_is_released_by_its_key_alone_whatever_that_is(cidr: str) -> None:
    *command, key = shlex.split(release_command("tenantnet-eu1-claims", cidr))
    assert " ".join(command) == "aws dynamodb delete-item --table-name tenantnet-eu1-claims --key"
    assert json.loads(key) == {"cidr": {"S": cidr}}
