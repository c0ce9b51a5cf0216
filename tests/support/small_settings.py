"""The least that a project's settings files can say."""

from __future__ import annotations

from pathlib import Path

PROJECT = "name: tenantnet\nruntime: python\nstackConfigDir: tenants\n"
PLATFORM = "config:\n  aws:region: eu-west-1\n  tenantnet:platform:\n    zone: {name: db.example.com}\n"
ACME = """\
config:
  aws:region: eu-west-1
  tenantnet:tenant:
    platform: platform-eu1
    sessionSubnet: 172.17.5.0/24
    database: {username: acmeadmin}
    networks:
      blue: {cidr: 10.1.2.0/26}
"""
# With two companies.
ACME_SERVED = f"""\
# Kept as it is.
{ACME.replace(" {cidr: 10.1.2.0/26}", "")}\
        cidr: 10.1.2.0/26
        vpnConnections:
          - {{companyCidr: 192.168.4.0/24, companyGatewayIp: 198.51.100.7, description: Oslo}}
          - {{companyCidr: 192.168.8.0/24, companyGatewayIp: 198.51.100.9, description: <b>Bergen</b>}}
"""


def small_project(folder: Path, **tenants: str) -> Path:
    """The folder, made a project with a platform. tenants: settings by the tenants' names."""
    (folder / "Pulumi.yaml").write_text(PROJECT)
    (folder / "tenants").mkdir()
    for stack, text in {"platform-eu1": PLATFORM, **tenants}.items():
        (folder / "tenants" / f"Pulumi.{stack}.yaml").write_text(text)
    return folder
