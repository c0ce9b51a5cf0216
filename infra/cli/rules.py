"""`tenantnet rules`: the policies of the pack and their rules."""

from __future__ import annotations

from dataclasses import asdict

from tenantnet.cli.options import AsJson
from tenantnet.cli.output import print_json, print_table


def rules(as_json: AsJson = False) -> None:
    """List the policies of the pack; with --json, their settings and rules too.

    Example: tenantnet rules --json
    """
    from tenantnet.policies.rules import POLICIES

    if not as_json:
        rows = [(policy.name, policy.severity, policy.description) for policy in POLICIES]
        columns = ("Policy", "Severity", "What holds")
        print_table("Policies (pulumi preview --policy-pack policies)", columns, rows)
        return
    described = [
        {
            "name": policy.name,
            "description": policy.description,
            "severity": policy.severity,
            "enforcementLevel": "mandatory",
            "remediation": policy.remediation,
            "settings": policy.schema,
            "rules": [asdict(rule) for rule in policy.rules],
        }
        for policy in POLICIES
    ]
    print_json({"policies": described})
