"""Sample configurations of devices, and replaced tunnel endpoints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from mypy_boto3_ec2 import EC2Client
from tenantnet.local_cloud.process import LocalCloud

from tests.local_cloud.conftest import Refusal
from tests.support.network import VpnSite


def test_several_kinds_of_device_are_offered(ec2: EC2Client) -> None:
    types = ec2.get_vpn_connection_device_types()["VpnConnectionDeviceTypes"]
    assert len({device["VpnConnectionDeviceTypeId"] for device in types}) == len(types) >= 3
    assert all(device["Vendor"] and device["Platform"] and device["Software"] for device in types)


@pytest.mark.parametrize("ike", ["ikev1", "ikev2"])
def test_every_sample_names_both_tunnels_addresses_and_keys(ec2: EC2Client, site: VpnSite, ike: str) -> None:
    for device in ec2.get_vpn_connection_device_types()["VpnConnectionDeviceTypes"]:
        text = ec2.get_vpn_connection_device_sample_configuration(
            VpnConnectionId=site.connection_id,
            VpnConnectionDeviceTypeId=device["VpnConnectionDeviceTypeId"],
            InternetKeyExchangeVersion=ike,
        )["VpnConnectionDeviceSampleConfiguration"]
        for tunnel in site.tunnels(ec2):
            assert tunnel["OutsideIpAddress"] in text
            assert tunnel["PreSharedKey"] in text
        assert ike in text, device
        assert "Written by Tenantnet's local cloud" in text.splitlines()[0]


def test_the_recommended_sample_is_stronger_than_the_compatible_one(ec2: EC2Client, site: VpnSite) -> None:
    generic = ec2.get_vpn_connection_device_types()["VpnConnectionDeviceTypes"][0]
    texts = [
        ec2.get_vpn_connection_device_sample_configuration(
            VpnConnectionId=site.connection_id,
            VpnConnectionDeviceTypeId=generic["VpnConnectionDeviceTypeId"],
            SampleType=sample_type,
        )["VpnConnectionDeviceSampleConfiguration"]
        for sample_type in ("compatibility", "recommended")
    ]
    assert "sha1" in texts[0]
    assert "sha1" not in texts[1]
    assert "sha256" in texts[1]


def test_an_unknown_device_connection_or_choice_is_refused(
    ec2: EC2Client, refusal: Refusal, site: VpnSite
) -> None:
    known = {
        "VpnConnectionId": site.connection_id,
        "VpnConnectionDeviceTypeId": ec2.get_vpn_connection_device_types()["VpnConnectionDeviceTypes"][0][
            "VpnConnectionDeviceTypeId"
        ],
    }
    for wrong, code in (
        ({"VpnConnectionId": "vpn-0123"}, "InvalidVpnConnectionID.NotFound"),
        ({"VpnConnectionDeviceTypeId": "00000000"}, "InvalidVpnConnectionDeviceTypeID.NotFound"),
        ({"InternetKeyExchangeVersion": "ikev3"}, "InvalidParameterValue"),
        ({"SampleType": "best"}, "InvalidParameterValue"),
    ):
        assert refusal(ec2.get_vpn_connection_device_sample_configuration, **{**known, **wrong}) == code


def test_due_maintenance_is_shown_and_applied_by_a_replacement(
    ec2: EC2Client, cloud: LocalCloud, site: VpnSite
) -> None:
    address = site.tunnels(ec2)[0]["OutsideIpAddress"]

    def details() -> dict[str, object]:
        status = ec2.get_vpn_tunnel_replacement_status(
            VpnConnectionId=site.connection_id, VpnTunnelOutsideIpAddress=address
        )
        return dict(status["MaintenanceDetails"])

    assert details() == {"PendingMaintenance": "None"}
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(days=7)
    cloud.make_maintenance_due(site.connection_id, 1, due)
    assert details() == {"PendingMaintenance": "Available", "MaintenanceAutoAppliedAfter": due}
    cloud.report_tunnel(site.connection_id, 1, "UP")
    ec2.replace_vpn_tunnel(
        VpnConnectionId=site.connection_id, VpnTunnelOutsideIpAddress=address, ApplyPendingMaintenance=True
    )
    after = details()
    assert after["PendingMaintenance"] == "None"
    assert "LastMaintenanceApplied" in after
    assert site.described(ec2)["VgwTelemetry"][0]["Status"] == "DOWN", "the endpoint is a new one"
    assert site.tunnels(ec2)[0]["OutsideIpAddress"] == address
