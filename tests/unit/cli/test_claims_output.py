"""What an audit tells people to paste."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

import pytest
from tenantnet.addresses.claims import Claim, ClaimFinding, ClaimKind, ForeignRow
from tenantnet.cli.claims import print_audit, release_command
from tenantnet.observed.claims import Audit


@pytest.mark.parametrize("cidr", ["10.1.2.0/26", "10.1.2.0/26'; id; '", '"; $(id) `id`\n', "a b\\"])
def test_a_row_is_released_by_its_key_alone_whatever_that_is(cidr: str) -> None:
    *command, key = shlex.split(release_command("tenantnet-eu1-claims", cidr))
    assert " ".join(command) == "aws dynamodb delete-item --table-name tenantnet-eu1-claims --key"
    assert json.loads(key) == {"cidr": {"S": cidr}}


def test_a_retired_network_is_told_with_the_command_that_takes_it_out_of_the_settings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    blue = Claim(cidr="10.1.2.0/26", tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="blue")
    missing = {blue: ClaimFinding.RETIRED}
    print_audit(Audit(table="claims", rows=[], doubtful={}, missing=missing, unread={}))
    said = capsys.readouterr().out
    assert "tenantnet network delete acme blue" in said
    assert "Not deployed" not in said


def test_a_row_that_somebody_has_changed_is_told_with_the_command_that_writes_it_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    blue = Claim(cidr="10.1.2.0/26", tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="blue")
    blue = replace(blue, cell="eu2")
    row, missing = replace(blue, tenant="beta", cell="eu3"), {blue: ClaimFinding.ROW_OF_ANOTHER}
    print_audit(Audit(table="claims", rows=[row], doubtful={}, missing=missing, unread={}))
    said = capsys.readouterr().out
    assert "that of 10.1.2.0/26 says tenant beta in cell eu3, stack acme, network blue." in said
    (line,) = [each for each in said.splitlines() if "put-item" in each]
    *command, item = shlex.split(line)
    assert " ".join(command) == "aws dynamodb put-item --table-name claims --item"
    assert Claim.from_item(json.loads(item)) == blue
    assert "pulumi refresh --stack acme" in said, "the state may have the changed row"
    assert "Not deployed" not in said


def test_a_row_that_cannot_be_read_any_more_is_told_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    blue = Claim(cidr="10.1.2.0/26", tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="blue")
    row, missing = ForeignRow(cidr=blue.cidr, text='{"owner": 1}'), {blue: ClaimFinding.ROW_OF_ANOTHER}
    print_audit(Audit(table="claims", rows=[row], doubtful={}, missing=missing, unread={}))
    said = capsys.readouterr().out
    assert 'that of 10.1.2.0/26 says {"owner": 1}. Where' in said
    assert "put-item" in said
    assert "Row gone" not in said
