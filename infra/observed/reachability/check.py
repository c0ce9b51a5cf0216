"""Compares what is deployed with what is intended, for every pair of places."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, partial
from itertools import chain, product

from netaddr import IPSet
from tenantnet.observed.deployed import Deployed
from tenantnet.observed.reachability.intended import WIDE_EGRESS, Moves, Row, intended
from tenantnet.observed.reachability.paths import Extent, Paths, extent
from tenantnet.observed.reachability.places import Kind, Place, addresses_of, places_of
from tenantnet.observed.reachability.traffic import Traffic


class Layer(StrEnum):
    """What must be open for traffic to pass."""

    THERE = "a route there"
    BACK = "a route back"
    ACL_OUT = "a way out through the sender's network ACL"
    ACL_IN = "a way in through the receiver's network ACL"
    OUT = "a rule of the sender's security groups"
    IN = "a rule of the receiver's security groups"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerFinding:
    """One layer of one pair that is not as intended.

    traffic: None if it is about all traffic, as with routes. partly: it is so for some addresses only.
    ipv6: it is about IPv6, which no VPC of Tenantnet's has.
    missing: the layer is closed and must be open; otherwise it is open and must be closed.
    where: the IDs of what is looked at, in order: the rules that let it through, with their peers, or the
    security groups that have none; route tables, a VPN gateway, or network ACLs.
    """

    layer: Layer
    traffic: Traffic | None
    missing: bool
    partly: bool
    where: tuple[str, ...]
    ipv6: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two places. passes: what gets from one to the other, at least for some of their addresses."""

    source: Place
    target: Place
    intended: frozenset[Traffic]
    passes: frozenset[Traffic]
    findings: tuple[LayerFinding, ...]

    @property
    def leaks(self) -> frozenset[Traffic]:
        """What gets through and should not."""
        return self.passes - self.intended if self.findings else frozenset()


def check(
    deployed: Deployed, tenants: Collection[str] | None = None, moves: Moves | None = None
) -> list[Pair]:
    """Check every pair of places with a place of a named tenant or, without names, every pair of the cell.

    moves: those by `live` of these tenants.
    """
    return [
        pair
        for pair in _pairs(deployed, moves or {})
        if tenants is None or {pair.source.tenant, pair.target.tenant} & set(tenants)
    ]


def faults(pairs: Iterable[Pair]) -> list[Pair]:
    """The pairs that are not as intended."""
    return [pair for pair in pairs if pair.findings]


def _pairs(deployed: Deployed, moves: Moves) -> Iterator[Pair]:
    places = places_of(deployed)
    pairs = _Check(deployed, places, 4, moves).pairs()
    if not _has_ipv6(deployed):
        yield from pairs
        return
    for pair, other in zip(pairs, _Check(deployed, places, 6, moves).pairs(), strict=True):
        yield replace(pair, passes=pair.passes | other.passes, findings=(*pair.findings, *other.findings))


def _has_ipv6(deployed: Deployed) -> bool:
    cidrs = chain(
        (cidr for vpc in deployed.vpcs for cidr in vpc.cidrs),
        (cidr for interface in deployed.interfaces for cidr in interface.cidrs),
        (route.destination for table in deployed.route_tables for route in table.routes),
        (rule.peer for rule in deployed.rules),
    )
    return any(":" in cidr for cidr in cidrs)


class _Check:
    """Checks pairs, and caches what several of them need. version: of IP, 4 or 6.

    Of IPv6 nothing is intended but the routes within a VPC, which nobody can remove.
    """

    def __init__(self, deployed: Deployed, places: Sequence[Place], version: int, moves: Moves) -> None:
        self._places, self._version, self._moves = places, version, moves
        self._paths = Paths(deployed, places, version)
        self._rows = {
            (source, target): self._row(source, target)
            for source, target in product(self._places, repeat=2)
            # A database has one address of its subnets; the others count like those of any other host. Of
            # endpoints there are several, in as many subnets.
            if source is not target or source.kind in (Kind.DATABASE, Kind.ENDPOINT)
        }
        self._beside_host = _beside_host(deployed, places, version)
        self._meant = {
            traffic: [pair for pair, row in self._rows.items() if traffic in row.passes]
            for traffic in Traffic
        }
        self._permitted = cache(self._peers_meant)
        self._ranges_of = cache(self._ranges_meant)

    def _row(self, source: Place, target: Place) -> Row:
        row = intended(source, target, self._moves)
        return row if self._version == 4 else replace(row, passes=frozenset())

    def pairs(self) -> Iterator[Pair]:
        for (source, target), row in self._rows.items():
            yield self._pair(source, target, row)

    def _pair(self, source: Place, target: Place, row: Row) -> Pair:
        there, back = self._paths.leads(source, target), self._paths.leads(target, source)
        findings = list(self._routes(row, source, target, there, back))
        passes = set()
        has_both = all(self._paths.addresses(place).size for place in (source, target))
        for traffic in Traffic:
            out, judged_out = self._admitted(source, target, traffic, egress=True)
            into, judged_into = self._admitted(target, source, traffic, egress=False)
            findings += self._acls(row, source, target, traffic)
            if has_both and min(there, back, out, into) and self._acls_open(source, target, traffic):
                passes.add(traffic)
            for layer, ends, found in (
                (Layer.OUT, (source, target), judged_out),
                (Layer.IN, (target, source), judged_into),
            ):
                if ends[0].group_ids is not None:
                    where = partial(self._paths.rules_between, *ends, traffic, egress=layer is Layer.OUT)
                    findings += _faults(layer, traffic, found, where, missing=traffic in row.passes)
        return Pair(
            source=source,
            target=target,
            intended=row.passes,
            passes=frozenset(passes),
            findings=tuple(replace(each, ipv6=self._version != 4) for each in findings),
        )

    def _routes(
        self, row: Row, source: Place, target: Place, there: Extent, back: Extent
    ) -> Iterator[LayerFinding]:
        if Kind.ELSEWHERE in (source.kind, target.kind) and not (source.ours and target.ours):
            # The gateways of a VPC that the settings name belong to those who created it.
            return
        for layer, meant, found, end in (
            (Layer.THERE, row.there, there, source),
            (Layer.BACK, row.back, back, target),
        ):
            # Where nothing has to pass, a route that is meant may be there or not.
            if row.passes or not meant:
                where = partial(self._paths.routers, end)
                yield from _faults(layer, None, found, where, missing=bool(row.passes))

    def _acls(self, row: Row, source: Place, target: Place, traffic: Traffic) -> Iterator[LayerFinding]:
        """What is wrong in network ACLs, where they are to let something through, or to keep it out."""
        if traffic not in row.passes and row.acls:
            return
        for layer, place, peer in ((Layer.ACL_OUT, source, target), (Layer.ACL_IN, target, source)):
            out = layer is Layer.ACL_OUT
            found = self._paths.requests_pass(place, peer, traffic, egress=out)
            if traffic in row.passes:
                # For traffic that must be blocked, the answers are checked as requests of the opposite pair.
                found = min(found, self._paths.answers_pass(place, peer, traffic, egress=not out))
            where = partial(self._paths.acls, place)
            yield from _faults(layer, traffic, found, where, missing=traffic in row.passes)

    def _acls_open(self, source: Place, target: Place, traffic: Traffic) -> bool:
        """Whether the network ACLs of both ends let requests through, and answers back."""
        return all(
            passed(place, peer, traffic, egress=egress)
            for place, peer, out in ((source, target, True), (target, source, False))
            for passed, egress in ((self._paths.requests_pass, out), (self._paths.answers_pass, not out))
        )

    def _admitted(
        self, place: Place, peer: Place, traffic: Traffic, *, egress: bool
    ) -> tuple[Extent, Extent]:
        """How much of the peer's addresses the place's groups let through, and how much of those to judge."""
        admitted = self._paths.admitted(place, traffic, egress=egress)
        if admitted is None:
            return Extent.ALL, Extent.ALL
        wanted = self._paths.addresses(peer)
        found = judged = extent(wanted & admitted, wanted)
        if peer.kind is Kind.ELSEWHERE and self._paths.admits_unnamed(place, traffic, egress=egress):
            return Extent.SOME, Extent.SOME
        if peer in self._permitted(place, traffic, egress):
            return found, judged
        if self._paths.admits_unknown(place, traffic, egress=egress):
            return max(found, Extent.SOME), Extent.SOME
        if found:
            # A rule allows an address for everybody who has it; routes decide whose it is.
            wanted = wanted - self._ranges_of(place, traffic, egress)
            if peer is place:
                # A rule lets in the tunnel host's whole subnet, where endpoints are too.
                wanted = wanted - self._beside_host
            judged = extent(wanted & admitted, wanted)
        return found, judged

    def _peers_meant(self, place: Place, traffic: Traffic, egress: bool) -> frozenset[Place]:
        """The places that this one is meant to reach or, without `egress`, to be reached from."""
        pairs = ((source, target) if egress else (target, source) for source, target in self._meant[traffic])
        return frozenset(peer for each, peer in pairs if each is place)

    def _ranges_meant(self, place: Place, traffic: Traffic, egress: bool) -> IPSet:
        """Their addresses, and what else a rule may name."""
        found = IPSet()
        for peer in self._permitted(place, traffic, egress):
            found |= self._paths.addresses(peer)
        kind, wide_traffic, ranges = WIDE_EGRESS
        return found | IPSet(ranges) if egress and (place.kind, traffic) == (kind, wide_traffic) else found


def _beside_host(deployed: Deployed, places: Iterable[Place], version: int) -> IPSet:
    """The addresses of the tunnel host's subnet."""
    there = {each for place in places if place.kind is Kind.TUNNEL_HOST for each in place.subnet_ids}
    return addresses_of(
        (cidr for subnet in deployed.subnets if subnet.id in there for cidr in subnet.cidrs), version
    )


def _faults(
    layer: Layer, traffic: Traffic | None, found: Extent, where: Callable[[], Iterable[str]], *, missing: bool
) -> Iterator[LayerFinding]:
    """What is wrong where everything has to be open or, without `missing`, closed."""
    if found is not (Extent.ALL if missing else Extent.NONE):
        partly = found is Extent.SOME
        places = tuple(sorted(set(where())))
        yield LayerFinding(layer=layer, traffic=traffic, missing=missing, partly=partly, where=places)
