"""The one name that a tenant's clients use, whichever network its database is in."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

# A client that resolves again after a move must not wait longer than the move's last step takes.
TTL_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRecordArgs:
    """host_name: the full name, `acme.db.example.com`. target: the production database's own name."""

    host_name: pulumi.Input[str]
    zone_id: pulumi.Input[str]
    target: pulumi.Input[str]


class EndpointRecord(pulumi.ComponentResource):
    """host_name: the name, known once the record is in the zone."""

    host_name: pulumi.Output[str]

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
