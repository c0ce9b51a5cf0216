"""`tenantnet rules`: the policies of the pack and their rules."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from tenantnet.cli.options import AsJson
from tenantnet.cli.output import print_json, print_table

if TYPE_CHECKING:
    from tenantnet.policies.model import Policy


def rules(as_json: AsJson = False) -> None:
    """List the policies of the pack; with --json, their settings and rules too.

    Example: tenantnet rules --json
    """
    from tenantnet.policies.rules import POLICIES

    if as_json:
        print_json({"policies": [_described(policy) for policy in POLICIES]})
        return
    rows = [(policy.name, policy.severity, policy.description) for policy in POLICIES]
    columns = ("Policy", "Severity", "What holds")
    print_table("Policies (pulumi preview --policy-pack policies)", columns, rows)


def _described(policy: Policy) -> dict[str, object]:
    return {
        "name": policy.name,
        "description": policy.description,
        "severity": policy.severity,
        "enforcementLevel": "mandatory",
        "remediation": policy.remediation,
        "settings": policy.schema,
        "rules": [asdict(rule) for rule in policy.rules],
    }
