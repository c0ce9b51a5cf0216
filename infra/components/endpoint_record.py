"""The one name that a tenant's clients use, whichever network its database is in."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from tenantnet.components.checked import known, require
from tenantnet.settings.checks import check_zone_name

# A client that resolves again after a move must not wait longer than the move's last step takes.
TTL_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRecordArgs:
    """A name and where it leads."""

    host_name: pulumi.Input[str]
    """The full name: acme.db.example.com."""
    zone_id: pulumi.Input[str]
    """The hosted zone's ID."""
    target: pulumi.Input[str]
    """The production database's own name."""

    def __post_init__(self) -> None:
        require("The endpoint", None, {"host_name": known(check_zone_name, self.host_name)})


class EndpointRecord(pulumi.ComponentResource):
    """The one name that a tenant's clients use."""

    host_name: pulumi.Output[str]
    """The name, known once the record is in the zone."""

    def __init__(
        self, name: str, args: EndpointRecordArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("tenantnet:index:EndpointRecord", name, {}, opts)
        record = aws.route53.Record(
            name,
            zone_id=args.zone_id,
            name=args.host_name,
            type="CNAME",
            ttl=TTL_SECONDS,
            records=[args.target],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.host_name = record.fqdn
        self.register_outputs({"hostName": self.host_name})
