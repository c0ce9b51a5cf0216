"""The least that a project's settings files can say."""

from __future__ import annotations

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
