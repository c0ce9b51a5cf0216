"""The policy on VPN tunnels: by default AWS would also negotiate IKEv1, AES-128, SHA-1 and DH group 2."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tenantnet.aws.types import VPN_CONNECTION
from tenantnet.policies.model import KNOWN_IN_PREVIEW, Finding, PackSettings, Policy, Resource, Severity
from tenantnet.refusal import Rule

TUNNELS = (1, 2)
PHASES = (1, 2)

IKE_VERSIONS = ("ikev2",)
ENCRYPTION = ("AES256", "AES256-GCM-16")
INTEGRITY = ("SHA2-256", "SHA2-384", "SHA2-512")
# 22 to 24 have subgroups too small to be used any more (RFC 8247, section 2.4).
DIFFIE_HELLMAN_GROUPS = tuple(range(14, 22))
# https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNTunnels.html
LIFETIMES = {1: (900, 28_800), 2: (900, 3_600)}
DPD_TIMEOUT_SECONDS = 30

TUNNEL_ALGORITHMS = Rule(
    id="tunnel-algorithms",
    rule="{option} offers nothing but {permitted}",
    reason="AWS's default and the older algorithms give a tunnel that can be read or forged with effort",
    remedy="set {option} to {permitted} or some of them",
)
TUNNEL_LIFETIME = Rule(
    id="tunnel-lifetime",
    rule="{option} is a whole number of seconds from {least} to {most}",
    reason="AWS accepts no other, and a key that lives longer protects more than it should",
    remedy="set {option}={most}",
)
TUNNEL_LIFETIME_ORDER = Rule(
    id="tunnel-lifetime-order",
    rule="the lifetime of phase 2 is below that of phase 1",
    reason="phase 1 is what renews the keys of phase 2; AWS refuses the connection otherwise",
    remedy="set {option} below {most}",
)
TUNNEL_RESTARTS = Rule(
    id="tunnel-restarts",
    rule="a tunnel whose peer is dead is restarted: {option} is restart",
    reason="AWS's default clears the tunnel and waits until the company's device starts it again",
    remedy='set {option}="restart"',
)
TUNNEL_DPD_TIMEOUT = Rule(
    id="tunnel-dpd-timeout",
    rule=f"{{option}} is {DPD_TIMEOUT_SECONDS} seconds at least",
    reason="AWS accepts no shorter time, and its default may change",
    remedy=f"set {{option}}={DPD_TIMEOUT_SECONDS}",
)


def _judge_connection(resource: Resource, _: PackSettings) -> Iterator[Finding]:
    if resource.type != VPN_CONNECTION:
        return
    for tunnel in TUNNELS:
        prefix = f"tunnel{tunnel}"
        yield from _judge_offer(resource, f"{prefix}IkeVersions", IKE_VERSIONS)
        for phase in PHASES:
            yield from _judge_phase(resource, prefix, phase)
        yield from _judge_lifetime_order(resource, prefix)
        yield from _judge_dead_peer_detection(resource, prefix)


def _judge_phase(resource: Resource, prefix: str, phase: int) -> Iterator[Finding]:
    yield from _judge_offer(resource, f"{prefix}Phase{phase}EncryptionAlgorithms", ENCRYPTION)
    yield from _judge_offer(resource, f"{prefix}Phase{phase}IntegrityAlgorithms", INTEGRITY)
    yield from _judge_offer(resource, f"{prefix}Phase{phase}DhGroupNumbers", DIFFIE_HELLMAN_GROUPS)
    path = f"{prefix}Phase{phase}LifetimeSeconds"
    least, most = LIFETIMES[phase]
    seconds = resource.props.get(path)
    if not (isinstance(seconds, int) and least <= seconds <= most):
        yield resource.refuse(TUNNEL_LIFETIME, path, option=path, least=least, most=most)


def _judge_offer(resource: Resource, path: str, permitted: Collection[object]) -> Iterator[Finding]:
    offered = resource.props.get(path)
    words = ", ".join(map(str, permitted))
    if isinstance(offered, list) and offered:
        weak = [value for value in offered if value not in permitted]
        for value in weak:
            yield resource.refuse(TUNNEL_ALGORITHMS, path, value=value, option=path, permitted=words)
    else:
        yield resource.refuse(TUNNEL_ALGORITHMS, path, option=path, permitted=words)


def _judge_lifetime_order(resource: Resource, prefix: str) -> Iterator[Finding]:
    first, second = (resource.props.get(f"{prefix}Phase{phase}LifetimeSeconds") for phase in PHASES)
    if isinstance(first, int) and isinstance(second, int) and second >= first:
        path = f"{prefix}Phase2LifetimeSeconds"
        yield resource.refuse(TUNNEL_LIFETIME_ORDER, path, option=path, most=first)


def _judge_dead_peer_detection(resource: Resource, prefix: str) -> Iterator[Finding]:
    action, timeout = f"{prefix}DpdTimeoutAction", f"{prefix}DpdTimeoutSeconds"
    if resource.props.get(action) != "restart":
        yield resource.refuse(TUNNEL_RESTARTS, action, option=action)
    seconds = resource.props.get(timeout)
    if not (isinstance(seconds, int) and seconds >= DPD_TIMEOUT_SECONDS):
        yield resource.refuse(TUNNEL_DPD_TIMEOUT, timeout, option=timeout)


VPN_TUNNELS_HARDENED = Policy(
    name="vpn-tunnels-hardened",
    description="Both tunnels of a VPN connection offer strong algorithms only and restart a dead peer.",
    severity=Severity.HIGH,
    remediation="Take the options of tenantnet.components.vpn_connection.TUNNEL_OPTIONS.",
    rules=(
        KNOWN_IN_PREVIEW,
        TUNNEL_ALGORITHMS,
        TUNNEL_LIFETIME,
        TUNNEL_LIFETIME_ORDER,
        TUNNEL_RESTARTS,
        TUNNEL_DPD_TIMEOUT,
    ),
    judge_resource=_judge_connection,
)

POLICIES = (VPN_TUNNELS_HARDENED,)
