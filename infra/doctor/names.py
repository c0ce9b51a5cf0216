"""The DNS zone: whether it is there, and whether the world is led to it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import dns.exception
import dns.rdatatype
import dns.resolver
from botocore.exceptions import ClientError
from tenantnet.doctor.finding import Finding, Planned, State, code_of
from tenantnet.runner.name_servers import ANSWER_SECONDS, NAME_SERVER_VARIABLE, asking

ABOUT = "zone"


def zone(planned: Planned) -> Iterator[Finding]:
    """Whether the zone of the settings, or the platform's own, is of that name, and is delegated to."""
    settings, route53 = planned.cell.settings.zone, planned.client("route53")
    zone_id = settings.zone_id or _made(planned)
    if zone_id is None:
        yield from _judge_new(planned)
        return
    try:
        found = route53.get_hosted_zone(Id=zone_id)
    except ClientError as error:
        if code_of(error) != "NoSuchHostedZone":
            raise
        remedy = (
            "correct zone.zoneId, or leave it out and a zone is made"
            if settings.zone_id
            else f"the stack made it: pulumi refresh --stack {planned.platform}, and an update makes another"
        )
        yield Finding(about=ABOUT, state=State.FAULT, found=f"no zone {zone_id}", remedy=remedy)
        return
    name = found["HostedZone"]["Name"].rstrip(".")
    if name != settings.name:
        remedy = "correct zone.name or zone.zoneId"
        yield Finding(about=ABOUT, state=State.FAULT, found=f"{zone_id} is {name}", remedy=remedy)
        return
    if is_private(found["HostedZone"]):
        remedy = "let zone.zoneId be a public zone, or leave it out and one is made"
        problem = f"{zone_id} is private: companies do not see its names"
        yield Finding(about=ABOUT, state=State.FAULT, found=problem, remedy=remedy)
        return
    yield judge_delegation(settings.name, found["DelegationSet"]["NameServers"], _led_to(settings.name))


def _made(planned: Planned) -> str | None:
    """The ID of the zone that the platform's stack has made, as its outputs say."""
    made = planned.outputs.get("zoneId")
    return made if isinstance(made, str) else None


def is_private(described: Mapping[str, Any]) -> bool:
    """Whether only some VPCs see a zone. described: as Route 53 describes it."""
    return bool(described.get("Config", {}).get("PrivateZone"))


def _judge_new(planned: Planned) -> Iterator[Finding]:
    name = planned.cell.settings.zone.name
    listed = planned.client("route53").list_hosted_zones_by_name(DNSName=name)["HostedZones"]
    same = [
        each["Id"].rpartition("/")[2]
        for each in listed
        if each["Name"].rstrip(".") == name and not is_private(each)
    ]
    if same:
        yield Finding(
            about=ABOUT,
            state=State.WARNING,
            found=f"{name} is there ({', '.join(same)}); without zone.zoneId, the platform makes another one",
            remedy=f"set zone.zoneId to {same[0]}, unless it is the platform's own",
        )
    else:
        yield Finding(
            about=ABOUT,
            found=f"{name} will be made; its parent has to delegate to it afterwards",
        )


def _led_to(name: str) -> list[str] | None:
    """The name servers that the world is told for a zone; None where no resolver answers."""
    own = os.environ.get(NAME_SERVER_VARIABLE)
    try:
        resolver = asking(own) if own else dns.resolver.get_default_resolver()
        found = resolver.resolve(name, dns.rdatatype.NS, lifetime=ANSWER_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError):
        return None
    return [str(each.target).rstrip(".") for each in found]


def judge_delegation(name: str, own: list[str], led_to: list[str] | None) -> Finding:
    """own: the zone's name servers. led_to: those that the world is told; None where nobody answers."""
    wanted, told = ({each.rstrip(".").lower() for each in names} for names in (own, led_to or ()))
    if led_to is None:
        found, remedy = f"{name}: no resolver answers, so the delegation is not known", "check DNS here"
        return Finding(about=ABOUT, state=State.WARNING, found=found, remedy=remedy)
    if wanted == told:
        return Finding(about=ABOUT, found=f"{name} is delegated to")
    return Finding(
        about=ABOUT,
        state=State.FAULT,
        found=f"{name} leads to {', '.join(sorted(told)) or 'no name server'}, not to the zone's own",
        remedy=f"in the parent zone, let the NS records of {name} be {', '.join(sorted(wanted))}",
    )
