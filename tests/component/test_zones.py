"""The region of a cell and its availability zones: of RDS's kind, and the same for ever."""

from __future__ import annotations

import pytest
from tenantnet.refusal import Refused

from tests.support.mock_engine import RecordingEngine
from tests.support.mock_stacks import declare_cell


def zone_of_the_tunnel_host(engine: RecordingEngine) -> object:
    return engine.one("aws:ec2/subnet:Subnet", "local-tunnel").inputs["availabilityZone"]


def test_a_new_cell_is_in_no_local_zone(cell: RecordingEngine) -> None:
    assert zone_of_the_tunnel_host(cell) == "eu-west-1a"


def test_a_cell_keeps_the_zones_that_it_has() -> None:
    remembered = {"availabilityZones": ["eu-west-1c", "eu-west-1b"]}
    assert zone_of_the_tunnel_host(declare_cell(previous=remembered)) == "eu-west-1c"


def test_a_cell_stays_in_its_region() -> None:
    with pytest.raises(Refused, match="put eu-west-3 back"):
        declare_cell(previous={"region": "eu-west-3"})
