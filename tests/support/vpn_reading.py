"""What the tests read guides and configurations with: parsers of their own, apart from the program.

Each gives the figures of a tunnel as plain text by a name, so that they can be held against each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET

Figures = dict[str, str]

XML_PATHS = {
    "aws outside": "vpn_gateway/tunnel_outside_address/ip_address",
    "company outside": "customer_gateway/tunnel_outside_address/ip_address",
    "aws inside": "vpn_gateway/tunnel_inside_address/ip_address",
    "company inside": "customer_gateway/tunnel_inside_address/ip_address",
    "inside prefix": "customer_gateway/tunnel_inside_address/network_cidr",
    "key": "ike/pre_shared_key",
    "ike encryption": "ike/encryption_protocol",
    "ike integrity": "ike/authentication_protocol",
    "ike lifetime": "ike/lifetime",
    "ipsec protocol": "ipsec/protocol",
    "ipsec mode": "ipsec/mode",
    "ipsec encryption": "ipsec/encryption_protocol",
    "ipsec integrity": "ipsec/authentication_protocol",
    "ipsec lifetime": "ipsec/lifetime",
    "mss": "ipsec/tcp_mss_adjustment",
    "dpd interval": "ipsec/dead_peer_detection/interval",
    "dpd retries": "ipsec/dead_peer_detection/retries",
}
GUIDE_ROWS = {
    ("2", "AWS's endpoint (remote address and identity)"): "aws outside",
    ("2", "Your device (local address and identity)"): "company outside",
    ("2", "Inside address of AWS's end"): "aws inside",
    ("2", "Inside address of your end"): "company inside",
    ("2", "Prefix length of the inside addresses"): "inside prefix",
    ("2", "Pre-shared key"): "key",
    ("3", "Encryption"): "ike encryption",
    ("3", "Integrity"): "ike integrity",
    ("3", "Pseudo-random function (PRF), if the device asks for one"): "prf",
    ("3", "Diffie-Hellman group"): "ike group",
    ("3", "Lifetime (seconds)"): "ike lifetime",
    ("3", "Dead peer detection: interval (seconds)"): "dpd interval",
    ("3", "Dead peer detection: retries"): "dpd retries",
    ("4", "Protocol"): "ipsec protocol",
    ("4", "Mode"): "ipsec mode",
    ("4", "Encryption"): "ipsec encryption",
    ("4", "Integrity"): "ipsec integrity",
    ("4", "Perfect forward secrecy: Diffie-Hellman group"): "ipsec group",
    ("4", "Lifetime (seconds)"): "ipsec lifetime",
    ("5", "TCP MSS (bytes)"): "mss",
}


def xml_figures(xml: str) -> list[Figures]:
    """Each tunnel's figures, as EC2's XML has them."""
    return [_xml_tunnel(element) for element in ET.fromstring(xml).iter("ipsec_tunnel")]  # noqa: S314 - our own


def _xml_tunnel(element: ET.Element) -> Figures:
    figures = {name: element.findtext(path) or "" for name, path in XML_PATHS.items()}
    for phase in ("ike", "ipsec"):
        group = element.findtext(f"{phase}/perfect_forward_secrecy") or ""
        figures[f"{phase} group"] = group.replace("group", "")
    # AWS's: https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNTunnels.html has no option for it.
    figures["prf"] = figures["ike integrity"]
    return figures


def guide_figures(markdown: str) -> list[Figures]:
    """Each tunnel's figures, as the tables of the generic guide have them."""
    rows = dict(_guide_rows(markdown))
    return [{name: rows[place][tunnel] for place, name in GUIDE_ROWS.items()} for tunnel in (0, 1)]


def _guide_rows(markdown: str) -> Iterator[tuple[tuple[str, str], list[str]]]:
    section = ""
    for line in markdown.splitlines():
        if heading := re.match(r"## (\d+)\.", line):
            section = heading[1]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 3:
            yield (section, cells[0]), cells[1:]


def settings_tree(text: str) -> dict[str, Any]:
    """A file in strongSwan's syntax (https://docs.strongswan.org/docs/5.9/config/strongswanConf.html)."""
    root: dict[str, Any] = {}
    stack = [root]
    for raw in text.splitlines():
        line = re.sub(r'#(?=[^"]*$).*', "", raw).strip()
        if opened := re.fullmatch(r"([^\s={}]+) *\{", line):
            stack[-1][opened[1]] = {}
            stack.append(stack[-1][opened[1]])
        elif line == "}":
            stack.pop()
        elif assigned := re.fullmatch(r'([^\s={}]+) *= *"?(.*?)"?', line):
            stack[-1][assigned[1]] = assigned[2]
        elif line:
            raise ValueError(f"neither a section nor a value: {raw}")
    if len(stack) != 1:
        raise ValueError("a section is not closed")
    return root


ENCRYPTION = {"aes-128-cbc": "aes128", "aes-256-cbc": "aes256"}
COUNTER_MODE = {"aes-128-gcm-16": "aes128gcm16", "aes-256-gcm-16": "aes256gcm16"}
INTEGRITY = {
    "sha1": "sha1",
    "sha2-256": "sha256",
    "sha2-384": "sha384",
    "sha2-512": "sha512",
    "hmac-sha1-96": "sha1",
    "hmac-sha2-256-128": "sha256",
    "hmac-sha2-384-192": "sha384",
    "hmac-sha2-512-256": "sha512",
}
GROUPS = {
    "2": "modp1024",
    "5": "modp1536",
    "14": "modp2048",
    "15": "modp3072",
    "16": "modp4096",
    "17": "modp6144",
    "18": "modp8192",
    "19": "ecp256",
    "20": "ecp384",
    "21": "ecp521",
    "22": "modp1024s160",
    "23": "modp2048s224",
    "24": "modp2048s256",
}


def proposal(figures: Mapping[str, str], phase: str) -> str:
    """How strongSwan writes a phase's algorithms. phase: ike or ipsec."""
    encryption, group = figures[f"{phase} encryption"], GROUPS[figures[f"{phase} group"]]
    integrity = INTEGRITY[figures[f"{phase} integrity"]]
    if encryption in ENCRYPTION:
        return f"{ENCRYPTION[encryption]}-{integrity}-{group}"
    cipher = COUNTER_MODE[encryption]
    return f"{cipher}-prf{integrity}-{group}" if phase == "ike" else f"{cipher}-{group}"


def expected_swanctl(figures: Mapping[str, str]) -> Figures:
    """What swanctl.conf must say of a tunnel, by XML's figures."""
    return {
        "remote_addrs": figures["aws outside"],
        "remote id": figures["aws outside"],
        "local id": figures["company outside"],
        "proposals": proposal(figures, "ike"),
        "esp_proposals": proposal(figures, "ipsec"),
        "key life": figures["ike lifetime"],
        "life_time": f"{figures['ipsec lifetime']}s",
        "dpd_delay": f"{figures['dpd interval']}s",
        "mode": figures["ipsec mode"],
        "secret": figures["key"],
        "inside": f"{figures['company inside']}/{figures['inside prefix']}",
        "mtu": str(int(figures["mss"]) + 40),
    }


def swanctl_figures(text: str) -> list[Figures]:
    """Each tunnel's figures, as swanctl.conf has them."""
    tree = settings_tree(text)
    return [_swanctl_tunnel(connection, tree["secrets"]) for connection in tree["connections"].values()]


def _swanctl_tunnel(connection: Mapping[str, Any], secrets: Mapping[str, Any]) -> Figures:
    (child,) = connection["children"].values()
    ids = {connection["local"]["id"], connection["remote"]["id"]}
    (secret,) = (
        each["secret"]
        for each in secrets.values()
        if {value for key, value in each.items() if key.startswith("id")} == ids
    )
    _script, _interface, _interface_id, inside, mtu, _network, _metric = child["updown"].split()
    seconds = [int(connection[name].removesuffix("s")) for name in ("rekey_time", "over_time")]
    return {
        "remote_addrs": connection["remote_addrs"],
        "remote id": connection["remote"]["id"],
        "local id": connection["local"]["id"],
        "proposals": connection["proposals"],
        "esp_proposals": child["esp_proposals"],
        "key life": str(sum(seconds)),
        "life_time": child["life_time"],
        "dpd_delay": connection["dpd_delay"],
        "mode": child["mode"],
        "secret": secret,
        "inside": inside,
        "mtu": mtu,
    }


LIBRESWAN_KEYS = (
    *("right", "rightid", "leftid", "ike", "esp", "ikelifetime", "salifetime"),
    *("dpddelay", "retransmit-timeout", "type"),
)
LIBRESWAN_INTEGRITY = {"sha1": "sha1", "sha256": "sha2_256", "sha384": "sha2_384", "sha512": "sha2_512"}


def expected_libreswan(figures: Mapping[str, str]) -> Figures:
    """What ipsec.conf and ipsec.secrets must say of a tunnel, by XML's figures."""
    interval, retries = int(figures["dpd interval"]), int(figures["dpd retries"])
    return {
        "right": figures["aws outside"],
        "rightid": figures["aws outside"],
        "leftid": figures["company outside"],
        "ike": _libreswan_proposal(figures, "ike"),
        "esp": _libreswan_proposal(figures, "ipsec"),
        "ikelifetime": f"{figures['ike lifetime']}s",
        "salifetime": f"{figures['ipsec lifetime']}s",
        "dpddelay": figures["dpd interval"],
        "retransmit-timeout": f"{interval * (retries - 1)}s",
        "type": figures["ipsec mode"],
        "secret": figures["key"],
        "inside": f"{figures['company inside']}/{figures['inside prefix']}",
        "mtu": str(int(figures["mss"]) + 40),
    }


def _libreswan_proposal(figures: Mapping[str, str], phase: str) -> str:
    """https://libreswan.org/man/ipsec.conf.5.html, ike= and esp=."""
    encryption, group = figures[f"{phase} encryption"], figures[f"{phase} group"]
    integrity = LIBRESWAN_INTEGRITY[INTEGRITY[figures[f"{phase} integrity"]]]
    if encryption in COUNTER_MODE:
        cipher = f"aes_gcm{encryption.split('-')[1]}"
        return f"{cipher}-{integrity if phase == 'ike' else 'none'}-dh{group}"
    return f"{ENCRYPTION[encryption]}-{integrity}-dh{group}"


def libreswan_figures(conf: str, secrets: str) -> list[Figures]:
    """Each tunnel's figures, as ipsec.conf and ipsec.secrets have them."""
    keys = dict(re.findall(r'^\S+ (\S+) : PSK "(.*)"$', secrets, re.MULTILINE))
    found = []
    for block in re.split(r"^conn .*$", conf, flags=re.MULTILINE)[1:]:
        values = dict(re.findall(r"^\t([a-z0-9-]+)=(.*)$", block, re.MULTILINE))
        _script, interface, number, inside, mtu, _network, _metric = values["leftupdown"].strip('"').split()
        assert interface == f"ipsec{values['ipsec-interface']}" == f"ipsec{number}"
        figures = {name: values[name] for name in LIBRESWAN_KEYS if name in values}
        found.append({**figures, "secret": keys[values["right"]], "inside": inside, "mtu": mtu})
    return found
