"""The guides for people and devices, rendered from a connection and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jinja2
from tenantnet.aws.session_documents import MYSQL_PORT
from tenantnet.toolchain.pages import chapter
from tenantnet.vpn.connection import Connection, Tunnel
from tenantnet.vpn.forms import Reading
from tenantnet.vpn.libreswan import LibreswanTunnel
from tenantnet.vpn.samples import WARNING_FILE, DeviceType, Weakness
from tenantnet.vpn.strongswan import UNREACHABLE_METRIC, StrongSwanTunnel, retransmission

# By the name of each file, its text. Some of the texts hold pre-shared keys.
Guide = Mapping[str, str]

GENERIC_FILES = ("guide.md",)
# The same for both, so that a host may change from one to the other.
UPDOWN = "tenantnet.updown"
README_FILE = "README.md"
STRONGSWAN_FILES = (
    README_FILE,
    "swanctl.conf",
    "strongswan.conf",
    UPDOWN,
    "tenantnet.keepup",
    "tenantnet-vpn.service",
    "tenantnet-vpn.timer",
)
LIBRESWAN_FILES = (README_FILE, "ipsec.conf", "ipsec.secrets", UPDOWN)
# What a warning names as the remedy.
DEVICE_FIGURES = {
    "IKE version": "permitted.ike_version",
    "Phase 1 encryption": "figures.ike.encryption",
    "Phase 1 integrity": "figures.ike.integrity",
    "Phase 1 Diffie-Hellman group": "figures.ike.dh_group",
    "Phase 1 lifetime (seconds)": "figures.ike.lifetime",
    "Phase 2 encryption": "figures.ipsec.encryption",
    "Phase 2 integrity": "figures.ipsec.integrity",
    "Phase 2 Diffie-Hellman group": "figures.ipsec.dh_group",
    "Phase 2 lifetime (seconds)": "figures.ipsec.lifetime",
    "AWS's endpoint": "figures.aws_outside",
    "Inside address of your end": "figures.company_inside",
}

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("tenantnet.vpn"),
    autoescape=False,  # noqa: S701 - Markdown, configuration and shell: no HTML
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def generic_guide(connection: Connection) -> Guide:
    """One Markdown file with every figure that a network engineer has to type."""
    return {name: _render(f"generic/{name}", connection, connection.tunnels) for name in GENERIC_FILES}


def strongswan_guide(connection: Connection) -> Guide:
    """swanctl.conf and strongswan.conf that load as they are, their script, and how to install them.

    Raises NotKnownError if a tunnel uses an algorithm that strongSwan has no name for.
    """
    tunnels = [StrongSwanTunnel.of(tunnel) for tunnel in connection.tunnels]
    slowest = max(connection.configuration.tunnels, key=lambda tunnel: tunnel.dpd_timeout)
    timers = retransmission(slowest)
    facts = {"slowest": slowest, "timers": timers}
    return _linux("strongswan", STRONGSWAN_FILES, connection, tunnels, **facts)


def libreswan_guide(connection: Connection) -> Guide:
    """Files for /etc/ipsec.d that load as they are, their script, and how to install them.

    Raises NotKnownError if a tunnel uses an algorithm that Debian's Libreswan has not.
    """
    tunnels = [LibreswanTunnel.of(tunnel) for tunnel in connection.tunnels]
    return _linux("libreswan", LIBRESWAN_FILES, connection, tunnels)


def _linux(
    folder: str, names: Sequence[str], connection: Connection, tunnels: Sequence[Tunnel], **facts: object
) -> Guide:
    facts["unreachable_metric"] = UNREACHABLE_METRIC
    return {
        name: _render(f"{'linux' if name == UPDOWN else folder}/{name}", connection, tunnels, **facts)
        for name in names
    }


def device_guide(
    connection: Connection,
    device: DeviceType,
    sample: str,
    weaknesses: Sequence[Weakness],
    reading: Reading,
) -> Guide:
    """EC2's sample, and where to look; where the tunnels demand something else, what to set instead."""
    name = f"{device.name}.txt"
    warning = WARNING_FILE if weaknesses or reading.longer or reading.missing else None
    facts = {
        "device": device,
        "sample": name,
        "warning": warning,
        "weaknesses": weaknesses,
        "reading": reading,
        "figures": DEVICE_FIGURES.items(),
    }
    beside = (README_FILE, warning) if warning else (README_FILE,)
    return {
        name: sample,
        **{each: _render(f"device/{each}", connection, connection.tunnels, **facts) for each in beside},
    }


def _render(template: str, connection: Connection, tunnels: Sequence[Tunnel], **facts: object) -> str:
    first, second = connection.configuration.tunnels
    return _TEMPLATES.get_template(f"{template}.j2").render(
        connection=connection,
        tunnels=tunnels,
        first=first,
        second=second,
        port=MYSQL_PORT,
        log=chapter("vpn.md", "What the device's log says"),
        **facts,
    )
