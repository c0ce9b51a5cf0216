"""The ranges of companies behind VPN connections, beside the claims of other tenants. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tenantnet.addresses.claims import ROW_READABLE, Claim, ForeignRow, Row
from tenantnet.addresses.index import overlap
from tenantnet.refusal import Refusal, Rule

OTHERS_COMPANY = Rule(
    id="others-company",
    rule="a tenant's network lies in no company range of another tenant in the same address space",
    reason="tenant {tenant} has a VPN connection to {cidr}: its database lets in who has an address there",
    remedy="take another range: `tenantnet network add` finds a free one",
)
OTHERS_CLAIM = Rule(
    id="others-claim",
    rule="a company range overlaps no range that another tenant of the same address space has claimed",
    reason="{cidr} is tenant {tenant}'s {purpose}, and packets to it would go to this company",
    remedy="write the exact ranges behind the company's VPN device",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company's range and the tenant that it is behind."""

    cidr: str
    tenant: str


def refuse_in_companies(wanted: Claim, companies: Iterable[Company]) -> Iterator[Refusal]:
    """The refusals of a range that overlaps companies of other tenants."""
    for company in companies:
        if company.tenant != wanted.tenant and overlap(company.cidr, wanted.cidr):
            facts = {"tenant": company.tenant, "cidr": company.cidr}
            yield OTHERS_COMPANY.refuse(wanted.cidr, wanted.path, **facts)


def refuse_company(cidr: str, stack: str, path: str, claims: Iterable[Row]) -> Iterator[Refusal]:
    """The refusals of a company range of `stack` that overlaps claims of other stacks, or of nobody known."""
    for claim in claims:
        if not overlap(claim.cidr, cidr):
            continue
        if isinstance(claim, ForeignRow):
            yield ROW_READABLE.refuse(cidr, path, row=claim.text)
        elif claim.stack != stack:
            facts = {"cidr": claim.cidr, "tenant": claim.tenant, "purpose": claim.purpose}
            yield OTHERS_CLAIM.refuse(cidr, path, **facts)


def companies_in_settings(tenant: object) -> list[tuple[str, str]]:
    """The company ranges in a settings file, each after its path; as claims_in_settings reads them."""
    networks = tenant.get("networks") if isinstance(tenant, Mapping) else None
    found = []
    for slot, network in networks.items() if isinstance(networks, Mapping) else ():
        connections = network.get("vpnConnections") if isinstance(network, Mapping) else None
        for index, each in enumerate(connections if isinstance(connections, list) else ()):
            if isinstance(each, Mapping) and isinstance(cidr := each.get("companyCidr"), str):
                found.append((f"networks.{slot}.vpnConnections[{index}].companyCidr", cidr))
    return found
