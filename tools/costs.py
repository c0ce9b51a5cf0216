"""Prints the tables of costs in docs/aws.md, from one table of prices: python -m tools.costs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tenantnet.aws import types
from tenantnet.aws.sizes import DEFAULT_INSTANCE_CLASS, DEFAULT_STORAGE_GB

HOURS, ZONES, VOLUME_GIB = 730, 2, 8
FROM_MEMORY = ""
_RDS = "https://www.usage.ai/blogs/aws/reserved-instances/rds/pricing-calculator/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One price in us-east-1, in US dollars.

    service, usage: how AWS's price list calls it. source: where it was read in November 2026; FROM_MEMORY if
    nowhere. AWS's own pages show no price without a browser.
    """

    dollars: float
    per: str
    service: str
    usage: str
    source: str = FROM_MEMORY


DATABASE = Price(
    dollars=0.032,
    per="hour",
    service="AmazonRDS",
    usage=f"InstanceUsage:{DEFAULT_INSTANCE_CLASS}",
    source="https://infratally.com/articles/aws-rds-pricing-explained-2026.html",
)
STORAGE = Price(dollars=0.115, per="GiB and month", service="AmazonRDS", usage="RDS:GP3-Storage", source=_RDS)
BACKUP = Price(
    dollars=0.095, per="GiB and month", service="AmazonRDS", usage="RDS:ChargedBackupUsage", source=_RDS
)
VPN = Price(dollars=0.05, per="hour", service="AmazonVPC", usage="VPN-Usage-Hours:ipsec.1")
HOST = Price(dollars=0.0042, per="hour", service="AmazonEC2", usage="BoxUsage:t4g.nano")
VOLUME = Price(dollars=0.08, per="GiB and month", service="AmazonEC2", usage="EBS:VolumeUsage.gp3")
ALARM = Price(dollars=0.10, per="month", service="AmazonCloudWatch", usage="CW:AlarmMonitorUsage")
ENDPOINT = Price(dollars=0.01, per="hour and zone", service="AmazonVPC", usage="VpcEndpoint-Hours")
KEY = Price(
    dollars=1.00,
    per="month",
    service="awskms",
    usage="KMS-Keys",
    source="https://cloudburn.io/blog/aws-kms-pricing",
)
ZONE = Price(dollars=0.50, per="month", service="AmazonRoute53", usage="HostedZone")
LOGS = Price(
    dollars=0.50,
    per="GB",
    service="AmazonCloudWatch",
    usage="VendedLog-Bytes",
    source="https://coralogix.com/blog/is-cloudwatch-really-cost-efficient",
)
KEPT_LOGS = Price(dollars=0.03, per="GB and month", service="AmazonCloudWatch", usage="TimedStorage-ByteHrs")
BUILD = Price(
    dollars=0.005,
    per="minute",
    service="CodeBuild",
    usage="Build-Min:Linux:g1.small",
    source="https://c3x.dev/resources/aws/aws_codebuild_project/",
)
OUT = Price(
    dollars=0.09,
    per="GB",
    service="AWSDataTransfer",
    usage="DataTransfer-Out-Bytes",
    source="https://kindatechnical.com/aws-codebuild/understanding-codebuild-pricing.html",
)
PRICES: Mapping[str, Price] = {
    f"{DEFAULT_INSTANCE_CLASS}, MySQL, one zone": DATABASE,
    "RDS's storage, gp3, one zone": STORAGE,
    "snapshots, and backups beyond the database's size": BACKUP,
    "a VPN connection": VPN,
    "t4g.nano": HOST,
    "a host's volume, gp3": VOLUME,
    "an alarm": ALARM,
    "an interface endpoint": ENDPOINT,
    "a KMS key": KEY,
    "a hosted zone": ZONE,
    "flow logs": LOGS,
    "logs that are kept": KEPT_LOGS,
    "a build of CodeBuild, small": BUILD,
    "data out": OUT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is paid for each month, whatever happens. type: Pulumi's. count: how many a stack declares."""

    what: str
    type: str
    count: int
    note: str
    each: float

    @property
    def dollars(self) -> float:
        return self.count * self.each


_A_HOST = HOURS * HOST.dollars + VOLUME_GIB * VOLUME.dollars
TENANT = (
    Line(
        what="database",
        type=types.DATABASE,
        count=1,
        note=f"{DEFAULT_INSTANCE_CLASS} in one zone, and {DEFAULT_STORAGE_GB} GiB",
        each=HOURS * DATABASE.dollars + DEFAULT_STORAGE_GB * STORAGE.dollars,
    ),
    Line(
        what="VPN connections",
        type=types.VPN_CONNECTION,
        count=1,
        note="one for each company and network",
        each=HOURS * VPN.dollars,
    ),
    Line(what="ping host", type=types.INSTANCE, count=1, note="t4g.nano, and 8 GiB", each=_A_HOST),
    Line(
        what="alarms",
        type=types.ALARM,
        count=6,
        note="4, and 2 for each VPN connection",
        each=ALARM.dollars,
    ),
)
CELL = (
    Line(
        what="Session Manager's endpoints",
        type=types.VPC_ENDPOINT,
        count=3,
        note="each in 2 zones",
        each=HOURS * ZONES * ENDPOINT.dollars,
    ),
    Line(what="tunnel host", type=types.INSTANCE, count=1, note="t4g.nano, and 8 GiB", each=_A_HOST),
    Line(
        what="key",
        type=types.KEY,
        count=1,
        note="one more dollar after each of the first two yearly rotations",
        each=KEY.dollars,
    ),
    Line(what="hosted zone", type=types.ZONE, count=1, note="", each=ZONE.dollars),
)

_BACKUP = f"{BACKUP.dollars:.3f} a GiB and month"
BY_USE: Mapping[str, str] = {
    "flow logs": f"{LOGS.dollars:.2f} a GB, of all VPCs; {KEPT_LOGS.dollars:.2f} a GB and month for 90 days",
    "a move by the runner": f"{BUILD.dollars:.3f} a minute: {240 * BUILD.dollars:.2f} for four hours",
    "final snapshots": f"{_BACKUP}, for ever: delete those that nobody needs",
    "automated backups": f"free up to the database's size; a removed database's {_BACKUP}, "
    "for `backupRetentionDays`, usually 14",
    "data out through VPN": f"{OUT.dollars:.2f} a GB",
    "tables": "on demand: cents",
}


def as_markdown() -> str:
    """The tables of docs/aws.md under "What it costs"."""
    tables = (
        _table("a tenant by default, a month", TENANT, "with one VPN connection"),
        _table("a cell, a month", CELL, "together"),
        "\n".join(["| by use | |", "|---|---|", *(f"| {what} | {text} |" for what, text in BY_USE.items())]),
        "\n".join(["| price | $ | read | service code | usage type |", "|---|---:|---|---|---|", *_prices()]),
    )
    return "\n\n".join(tables) + "\n"


def _prices() -> Iterator[str]:
    for what, price in PRICES.items():
        called = f"{price.service} | `{price.usage}`"
        yield f"| {what}, per {price.per} | {price.dollars:.4g} | {_read(price)} | {called} |"


def _read(price: Price) -> str:
    return f"[here]({price.source})" if price.source else "from memory"


def _table(title: str, lines: tuple[Line, ...], last: str) -> str:
    rows = [
        f"| {line.what} | {f'{line.count}: ' if line.count > 1 else ''}{line.note} | {line.dollars:.2f} |"
        for line in lines
    ]
    head = [f"| {title} | | $ |", "|---|---|---:|"]
    return "\n".join([*head, *rows, f"| **{last}** | | **{sum(line.dollars for line in lines):.2f}** |"])


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
