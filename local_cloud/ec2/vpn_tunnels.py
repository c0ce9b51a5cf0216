"""One tunnel of a VPN connection: what may be asked of it, what it is given, whether it is up.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpnTunnelOptionsSpecification.html
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from netaddr import AddrFormatError, IPNetwork

TunnelOptions = Mapping[str, Any]

INSIDE_RANGE = IPNetwork("169.254.0.0/16")
RESERVED_INSIDE_CIDRS = frozenset(
    IPNetwork(cidr)
    for cidr in (
        "169.254.0.0/30",
        "169.254.1.0/30",
        "169.254.2.0/30",
        "169.254.3.0/30",
        "169.254.4.0/30",
        "169.254.5.0/30",
        "169.254.169.252/30",
    )
)
PRE_SHARED_KEY = re.compile(r"(?!0)[A-Za-z0-9._]{8,64}")
KEY_CHARACTERS = string.ascii_letters + string.digits + "._"

ENCRYPTION = ("AES128", "AES256", "AES128-GCM-16", "AES256-GCM-16")
INTEGRITY = ("SHA1", "SHA2-256", "SHA2-384", "SHA2-512")
# In the order of AWS's documentation: the first is what a tunnel uses where nothing was asked for.
PERMITTED: dict[str, tuple[object, ...]] = {
    "Phase1EncryptionAlgorithms": ENCRYPTION,
    "Phase2EncryptionAlgorithms": ENCRYPTION,
    "Phase1IntegrityAlgorithms": INTEGRITY,
    "Phase2IntegrityAlgorithms": INTEGRITY,
    "Phase1DHGroupNumbers": (2, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24),
    "Phase2DHGroupNumbers": (2, 5, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24),
    "IKEVersions": ("ikev1", "ikev2"),
}
CHOICES = {"DPDTimeoutAction": ("clear", "none", "restart"), "StartupAction": ("add", "start")}
DEFAULTS = {
    "Phase1LifetimeSeconds": 28_800,
    "Phase2LifetimeSeconds": 3_600,
    "RekeyMarginTimeSeconds": 270,
    "RekeyFuzzPercentage": 100,
    "ReplayWindowSize": 1_024,
    "DPDTimeoutSeconds": 30,
}
# EC2 writes these differently in what it answers.
ANSWERED_AS = {
    "DPDTimeoutSeconds": "DpdTimeoutSeconds",
    "DPDTimeoutAction": "DpdTimeoutAction",
    "IKEVersions": "IkeVersions",
}


class TelemetryStatus(StrEnum):
    """Whether IPsec is established."""

    UP = "UP"
    DOWN = "DOWN"


@dataclass(slots=True, kw_only=True)
class Tunnel:
    """A tunnel as it is now.

    outside_address: AWS's end on the internet. inside_cidr: the /30 of the two ends' inside addresses.
    options: what was asked for, as EC2's request spells it; what was not is not in it.
    maintenance_due: when AWS would replace the endpoint itself; None where nothing is due.
    """

    outside_address: str
    inside_cidr: IPNetwork
    pre_shared_key: str
    options: dict[str, Any]
    status: TelemetryStatus = TelemetryStatus.DOWN
    status_message: str = ""
    last_status_change: datetime = field(default_factory=lambda: datetime.now(UTC))
    maintenance_due: datetime | None = None
    maintenance_applied: datetime | None = None

    @property
    def aws_inside_address(self) -> str:
        return str(self.inside_cidr[1])

    @property
    def customer_inside_address(self) -> str:
        return str(self.inside_cidr[2])

    def first_permitted(self, option: str) -> str:
        """The first of the algorithms, groups or versions that the tunnel permits, in AWS's order."""
        asked = [item["Value"] for item in self.options.get(option, [])]
        return next(str(value) for value in PERMITTED[option] if not asked or value in asked)

    def figure(self, option: str) -> int:
        """A numeric option, AWS's default where nothing was asked for."""
        return int(self.options.get(option, DEFAULTS[option]))

    def report(self, status: TelemetryStatus, message: str = "") -> None:
        """Change what the telemetry says."""
        self.status, self.status_message = status, message
        self.last_status_change = datetime.now(UTC)

    def change(self, options: TunnelOptions) -> None:
        """Take over checked options; the tunnel goes down, since its ends have to agree anew."""
        self.options.update(options)
        self.inside_cidr = IPNetwork(self.options.pop("TunnelInsideCidr", self.inside_cidr))
        self.pre_shared_key = self.options.pop("PreSharedKey", self.pre_shared_key)
        if self.status is TelemetryStatus.UP:
            self.report(TelemetryStatus.DOWN)

    def described_options(self) -> dict[str, Any]:
        """As an element of TunnelOptions in EC2's answers."""
        asked = {ANSWERED_AS.get(name, name): value for name, value in self.options.items()}
        return {
            **asked,
            "OutsideIpAddress": self.outside_address,
            "TunnelInsideCidr": str(self.inside_cidr),
            "PreSharedKey": self.pre_shared_key,
        }

    def described_telemetry(self, routes: int) -> dict[str, Any]:
        """As an element of VgwTelemetry; static routes count whether the tunnel is up or not."""
        return {
            "AcceptedRouteCount": routes,
            "LastStatusChange": self.last_status_change,
            "OutsideIpAddress": self.outside_address,
            "Status": self.status,
            "StatusMessage": self.status_message,
        }


def new_tunnel(options: TunnelOptions, *, outside_address: str, taken: Collection[IPNetwork]) -> Tunnel:
    """A tunnel with checked options; whatever they leave open is chosen at random."""
    rest = dict(options)
    inside = rest.pop("TunnelInsideCidr", None)
    return Tunnel(
        outside_address=outside_address,
        inside_cidr=IPNetwork(inside) if inside else _free_inside_cidr(taken),
        pre_shared_key=rest.pop("PreSharedKey", None) or _random_key(),
        options=rest,
    )


def _free_inside_cidr(taken: Collection[IPNetwork]) -> IPNetwork:
    while True:
        cidr = IPNetwork((INSIDE_RANGE.first + 4 * secrets.randbelow(INSIDE_RANGE.size // 4), 30))
        if cidr not in RESERVED_INSIDE_CIDRS and cidr not in taken:
            return cidr


def _random_key() -> str:
    first = secrets.choice(KEY_CHARACTERS.replace("0", ""))
    return first + "".join(secrets.choice(KEY_CHARACTERS) for _ in range(31))


def check_options(options: TunnelOptions, *, former: TunnelOptions, taken: Collection[IPNetwork]) -> None:
    """Raise EC2's InvalidParameterValue for options that it does not accept.

    former: the options that the tunnel has already; {} for a new one. taken: its gateway's inside CIDRs.
    """
    _check_key(options)
    _check_inside_cidr(options, taken)
    for option, permitted in PERMITTED.items():
        for item in options.get(option, []):
            if item["Value"] not in permitted:
                raise _invalid(option, item["Value"], f"valid values are {_listed(permitted)}")
    for option, choices in CHOICES.items():
        if option in options and options[option] not in choices:
            raise _invalid(option, options[option], f"valid values are {_listed(choices)}")
    _check_figures({**DEFAULTS, **former, **options})


def _check_key(options: TunnelOptions) -> None:
    key = options.get("PreSharedKey")
    if key is not None and not PRE_SHARED_KEY.fullmatch(key):
        # EC2 does not repeat the key, and so it stays out of logs.
        raise EC2ClientError("InvalidParameterValue", "Value for parameter PreSharedKey is invalid.")


def _check_inside_cidr(options: TunnelOptions, taken: Collection[IPNetwork]) -> None:
    if (value := options.get("TunnelInsideCidr")) is None:
        return
    try:
        cidr = IPNetwork(value)
    except (AddrFormatError, ValueError):
        raise _invalid("TunnelInsideCidr", value, "it is not a CIDR block") from None
    if cidr.prefixlen != 30 or cidr not in INSIDE_RANGE or cidr.ip != cidr.network:
        raise _invalid("TunnelInsideCidr", value, f"it must be a /30 in {INSIDE_RANGE}")
    if cidr in RESERVED_INSIDE_CIDRS:
        raise _invalid("TunnelInsideCidr", value, "it is reserved")
    if cidr in taken:
        raise _invalid("TunnelInsideCidr", value, "another tunnel of this gateway uses it")


def _check_figures(figures: TunnelOptions) -> None:
    phase1, phase2 = int(figures["Phase1LifetimeSeconds"]), int(figures["Phase2LifetimeSeconds"])
    limits = {
        "Phase1LifetimeSeconds": (900, 28_800),
        "Phase2LifetimeSeconds": (900, min(3_600, phase1 - 1)),
        "RekeyMarginTimeSeconds": (60, phase2 // 2),
        "RekeyFuzzPercentage": (0, 100),
        "ReplayWindowSize": (64, 2_048),
        "DPDTimeoutSeconds": (30, 2**31 - 1),
    }
    for option, (low, high) in limits.items():
        if not low <= int(figures[option]) <= high:
            raise _invalid(option, figures[option], f"it must be from {low} to {high}")


def _listed(values: Collection[object]) -> str:
    return ", ".join(map(str, values))


def _invalid(option: str, value: object, reason: str) -> EC2ClientError:
    return EC2ClientError(
        "InvalidParameterValue", f"Value ({value}) for parameter {option} is invalid: {reason}."
    )
