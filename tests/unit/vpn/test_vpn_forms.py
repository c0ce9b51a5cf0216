"""EC2's samples by vendor: each figure of a phase is found, and what is not there is said."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from tenantnet.vpn.forms import read_sample
from tenantnet.vpn.samples import DeviceType

from tests.support.vpn_samples import configuration_xml, connection

CONNECTION = connection(configuration_xml([{}, {}]))
FIRST, SECOND = CONNECTION.configuration.tunnels
# What a sample is filled with, and what is said where it is not there.
SETTINGS = {
    "v": ("ikev2", "a version of IKE"),
    "e1": ("aes256", "the encryption of phase 1"),
    "h1": ("sha256", "the integrity of phase 1"),
    "g1": ("group14", "the Diffie-Hellman group of phase 1"),
    "l1": ("28800", "the lifetime of phase 1"),
    "e2": ("aes256", "the encryption of phase 2"),
    "h2": ("sha256", "the integrity of phase 2"),
    "g2": ("group14", "the Diffie-Hellman group of phase 2"),
    "l2": ("3600", "the lifetime of phase 2"),
    "end1": (FIRST.aws_outside, "tunnel 1's endpoint"),
    "end2": (SECOND.aws_outside, "tunnel 2's endpoint"),
    "key1": (FIRST.pre_shared_key, "tunnel 1's pre-shared key"),
    "key2": (SECOND.pre_shared_key, "tunnel 2's pre-shared key"),
    "in1": (FIRST.company_inside, "tunnel 1's inside address of your end"),
    "in2": (SECOND.company_inside, "tunnel 2's inside address of your end"),
}


@dataclass(frozen=True)
class Vendor:
    """A device and a sample in its form, with a place for each setting; words: how it writes some of them."""

    device: DeviceType
    sample: str
    words: tuple[tuple[str, str], ...] = ()

    def read(self, **changed: str) -> list[str]:
        filled = {name: value for name, (value, _) in SETTINGS.items()} | dict(self.words) | changed
        reading = read_sample(self.sample.format(**filled), self.device, CONNECTION)
        return [*reading.missing, *(each.what for each in reading.longer)]


def vendor(named: str, sample: str, **words: str) -> Vendor:
    maker, platform, software = named.split(", ")
    device = DeviceType(id="0a1b2c3d", vendor=maker, platform=platform, software=software)
    return Vendor(device, sample, tuple(words.items()))


VENDORS = [
    vendor(
        "Generic, Generic, Vendor Agnostic",
        """\
#1: Internet Key Exchange Configuration
  - IKE version              : {v}
  - Pre-Shared Key           : {key1} {key2}
  - Authentication Algorithm : {h1}
  - Encryption Algorithm     : {e1}
  - Lifetime                 : {l1} seconds
  - Diffie-Hellman           : {g1}
#2: IPSec Configuration
  - Authentication Algorithm : {h2}
  - Encryption Algorithm     : {e2}
  - Lifetime                 : {l2} seconds
  - Perfect Forward Secrecy  : {g2}
  Addresses: {end1} {end2} {in1}/30 {in2}/30
""",
        h2="hmac-sha2-256",
        g1="Group 14",
        g2="Diffie-Hellman Group 14",
    ),
    vendor(
        "Cisco Systems, ISR Series Routers, IOS 12.4+",
        """\
! crypto ikev2 is set up first, of AES, SHA and group 14
crypto ikev2 proposal P
  encryption {e1}
  integrity {h1}
  group {g1}
crypto ikev2 keyring K
  peer {end1}
   pre-shared-key {key1}
  peer {end2}
   pre-shared-key {key2}
crypto ikev2 profile R
  lifetime {l1}
crypto ipsec transform-set T esp-{e2} {h2}
  mode tunnel
crypto ipsec profile Q
  set pfs {g2}
  set security-association lifetime seconds {l2}
interface Tunnel1
  ip address {in1} 255.255.255.252
interface Tunnel2
  ip address {in2} 255.255.255.252
""",
        e1="aes-cbc-256",
        e2="aes 256",
        h2="esp-sha256-hmac",
        g1="14",
        v="",
    ),
    vendor(
        "Cisco Systems, ASA 5500 Series, ASA 8.2+",
        """\
crypto isakmp policy 200
  encryption {e1}
  hash {h1}
  group {g1}
  lifetime {l1}
tunnel-group {end1} ipsec-attributes
   pre-shared-key {key1}
tunnel-group {end2} ipsec-attributes
   pre-shared-key {key2}
crypto ipsec transform-set T esp-{e2} {h2}
crypto map M 1 set pfs {g2}
crypto map M 1 set security-association lifetime seconds {l2}
""",
        e1="aes",
        h1="sha",
        g1="2",
        h2="esp-sha-hmac",
        v="",
        in1="",
        in2="",
    ),
    vendor(
        "Fortinet, Fortigate 40+ Series, FortiOS 6.4.4+",
        """\
config vpn ipsec phase1-interface
    set {v}
    set remote-gw {end1} {end2}
    set keylife {l1}
    set proposal {e1}-{h1}
    set dhgrp {g1}
    set psksecret {key1} {key2}
config vpn ipsec phase2-interface
    set proposal {e2}-{h2}
    set dhgrp {g2}
    set keylifeseconds {l2}
config system interface
    set ip {in1} 255.255.255.255
    set ip {in2} 255.255.255.255
""",
        g1="14",
        g2="14",
        v="ike-version 2",
    ),
    vendor(
        "Juniper Networks, SRX Routers, JunOS 11.0+",
        """\
set security ike gateway G version {v}
set security ike proposal P authentication-algorithm {h1}
set security ike proposal P encryption-algorithm {e1}
set security ike proposal P lifetime-seconds {l1}
set security ike proposal P dh-group {g1}
set security ike policy Q pre-shared-key ascii-text "{key1}" "{key2}"
set security ike gateway G address {end1} {end2}
set security ipsec proposal R authentication-algorithm {h2}
set security ipsec proposal R encryption-algorithm {e2}
set security ipsec proposal R lifetime-seconds {l2}
set security ipsec policy S perfect-forward-secrecy keys {g2}
set interfaces st0.1 family inet address {in1}/30
set interfaces st0.2 family inet address {in2}/30
""",
        v="v2-only",
        e1="aes-256-cbc",
        h1="sha-256",
        e2="aes-256-cbc",
        h2="hmac-sha-256-128",
    ),
    vendor(
        "Juniper Networks, SSG and ISG Series Routers, ScreenOS 6.2+",
        """\
set ike gateway G {v}
set ike p1-proposal P preshare {g1} esp {e1} {h1} second {l1}
set ike gateway G address {end1} preshare {key1}
set ike gateway H address {end2} preshare {key2}
set ike p2-proposal Q {g2} esp {e2} {h2} second {l2}
set interface tunnel.1 ip {in1}/30
set interface tunnel.2 ip {in2}/30
""",
        h1="sha-1",
        h2="sha-1",
        g1="group2",
    ),
    vendor(
        "Palo Alto Networks, PA Series, PANOS 7.0+",
        """\
edit network ike crypto-profiles ike-crypto-profiles P
  set dh-group {g1}
  set hash {h1}
  set lifetime seconds {l1}
  set encryption {e1}
edit network ike crypto-profiles ipsec-crypto-profiles Q
  set esp authentication {h2}
  set esp encryption {e2}
  set dh-group {g2}
  set lifetime seconds {l2}
edit network ike gateway G
  set authentication pre-shared-key key {key1} {key2}
  set peer-address ip {end1} {end2}
  set protocol version {v}
edit network interface tunnel units tunnel.1
  set ip {in1}/30 {in2}/30
""",
        e1="aes-256-cbc",
    ),
    vendor(
        "Strongswan, Ubuntu 16.04, Strongswan 5.5.1+",
        """\
conn Tunnel1
  right={end1}
  right={end2}
  keyexchange={v}
  ikelifetime={l1}
  lifetime={l2}
  ike={e1}-{h1}-{g1}!
  esp={e2}-{h2}-{g2}!
198.51.100.7 {end1} : PSK "{key1}"
198.51.100.7 {end2} : PSK "{key2}"
""",
        l1="8h",
        l2="1h",
        g1="modp2048",
        g2="modp2048",
        in1="",
        in2="",
    ),
    vendor(
        "Openswan, Openswan, Openswan 2.6.38+",
        """\
conn Tunnel1
  right={end1}
  right={end2}
  keyexchange={v}
  ikelifetime={l1}
  keylife={l2}
  phase2alg={e2}-{h2};{g2}
  ike={e1}-{h1};{g1}
198.51.100.7 {end1}: PSK "{key1}"
198.51.100.7 {end2}: PSK "{key2}"
""",
        l1="8h",
        l2="1h",
        g1="modp2048",
        g2="modp2048",
        in1="",
        in2="",
    ),
    vendor(
        "Mikrotik, RouterOS, 6.44.3",
        """\
/ip ipsec profile add name=P dh-group={g1} enc-algorithm={e1} hash-algorithm={h1} lifetime={l1}
/ip ipsec peer add address={end1} exchange-mode={v} secret="{key1}"
/ip ipsec peer add address={end2} secret="{key2}"
/ip ipsec proposal add name=Q auth-algorithms={h2} enc-algorithms={e2} lifetime={l2} pfs-group={g2}
/ip address add address={in1}/30 interface=ether1
/ip address add address={in2}/30 interface=ether1
""",
        v="ike2",
        e1="aes-256",
        e2="aes-256-cbc",
        l1="8h",
        l2="1h",
        g1="modp2048",
        g2="modp2048",
    ),
    vendor(
        "SonicWall, TZ 600, OS 6.2",
        """\
gateway primary {end1}
shared-secret {key1}
gateway primary {end2}
shared-secret {key2}
proposal ike {v} encryption {e1} authentication {h1} dh-group {g1} lifetime {l1}
proposal ipsec protocol esp encryption {e2} authentication {h2} dh-group {g2} lifetime {l2}
ip-assignment VPN static ip {in1} netmask 255.255.255.252
ip-assignment VPN static ip {in2} netmask 255.255.255.252
""",
        e1="aes-256",
        h1="sha-256",
        g1="14",
        g2="14",
    ),
    vendor(
        "Yamaha, RTX Routers, Rev.10.01.16+",
        """\
ipsec ike {v}
ipsec ike encryption 1 {e1}
ipsec ike group 1 {g1}
ipsec ike hash 1 {h1}
ipsec ike pre-shared-key 1 text {key1} {key2}
ipsec ike remote address 1 {end1} {end2}
ipsec ike duration isakmp-sa 1 {l1}
ipsec sa policy 201 1 esp {e2} {h2}
ipsec ike duration ipsec-sa 1 {l2}
ipsec ike pfs 1 {g2}
ip tunnel address {in1}/30
ip tunnel address {in2}/30
""",
        v="version 1 2",
        e1="aes-cbc",
        h1="sha",
        g1="modp1024",
        e2="aes-cbc",
        h2="sha-hmac",
        g2="on",
    ),
    vendor(
        "F5 Networks, BIG-IP, v12.0.0+",
        """\
create net ipsec ike-peer P remote-address {end1} version {{ {v} }} \
phase1-auth-algorithm {h1} phase1-encrypt-algorithm {e1} \
phase1-perfect-forward-secrecy {g1} lifetime {l1} preshared-key {key1} {key2}
create net ipsec ipsec-policy Q ike-phase2-auth-algorithm {h2} ike-phase2-encrypt-algorithm {e2} \
ike-phase2-perfect-forward-secrecy {g2} ike-phase2-lifetime {l2} tunnel-remote-address {end2}
create net self S address {in1}/30
create net self T address {in2}/30
""",
        g1="modp2048",
        g2="modp2048",
        v="v2",
        l1="480",
        l2="60",
    ),
    vendor(
        "H3C, MSR800, Version 5.20",
        """\
ike profile P {v}
ike proposal 10
 encryption-algorithm {e1}
 dh {g1}
 authentication-algorithm {h1}
 sa duration {l1}
ike peer A
 pre-shared-key {key1} {key2}
 remote-address {end1} {end2}
ipsec transform-set T
 esp encryption-algorithm {e2}
 esp authentication-algorithm {h2}
 pfs {g2}
 sa duration time-based {l2}
interface Tunnel1
 ip address {in1} 30
 ip address {in2} 30
""",
        e1="aes-cbc-256",
        g2="dh-group14",
    ),
    vendor(
        "pfSense, pfSense, pfsense 2.2.5+(GUI)",
        """\
! Remote gateway: {end1} {end2}
! Key exchange version: {v}
! Pre-Shared Key: {key1} {key2}
! Phase 1 proposal (Algorithms)
!  Encryption algorithm : {e1}
!  Hash algorithm :  {h1}
!  DH key group : {g1}
!  Lifetime : {l1} seconds
! Phase 2 proposal (SA/Key Exchange)
!  Encryption algorithms : {e2}
!  Hash algorithms : {h2}
!  PFS key group : {g2}
!  Lifetime : {l2} seconds
""",
        e1="AES 256",
        g1="14 (2048 bit)",
        g2="14",
        in1="",
        in2="",
    ),
]


@pytest.mark.parametrize("each", VENDORS, ids=lambda each: each.device.name)
def test_every_figure_of_a_vendors_sample_is_found_and_each_that_is_not_there_is_named(each: Vendor) -> None:
    assert each.read() == []
    for name, (_, said) in SETTINGS.items():
        if dict(each.words).get(name) != "":
            assert each.read(**{name: "x"}) == [said], name


@pytest.mark.parametrize("each", VENDORS, ids=lambda each: each.device.name)
def test_a_lifetime_that_is_longer_than_the_tunnels_is_told_in_seconds(each: Vendor) -> None:
    written = {name: value for name, (value, _) in SETTINGS.items()} | dict(each.words)
    for name, phase, ours in (("l1", 1, 28800), ("l2", 2, 3600)):
        doubled = str(2 * int(written[name].rstrip("h"))) + ("h" if "h" in written[name] else "")
        assert each.read(**{name: doubled}) == [f"{2 * ours} seconds in phase {phase}, longer than {ours}"]


@pytest.mark.parametrize("each", VENDORS, ids=lambda each: each.device.name)
def test_a_lifetime_of_thousands_of_digits_is_longer_than_any(each: Vendor) -> None:
    assert [said.partition(",")[2] for said in each.read(l1="9" * 5_000)] == [" longer than 28800"]


def test_a_phase_with_a_counter_mode_needs_no_integrity() -> None:
    (fortinet,) = (each for each in VENDORS if each.device.vendor == "Fortinet")
    assert fortinet.read(e2="aes256gcm", h2="x") == []


def test_an_address_is_not_found_in_a_longer_one() -> None:
    generic = VENDORS[0]
    assert generic.read(end1=f"{FIRST.aws_outside}0") == ["tunnel 1's endpoint"]
    assert generic.read(end1=f"1{FIRST.aws_outside}") == ["tunnel 1's endpoint"]


def test_a_vendor_whose_form_is_not_known_is_said_to_be_unknown() -> None:
    device = DeviceType(id="0a1b2c3d", vendor="Acme", platform="Gate", software="1")
    reading = read_sample(
        VENDORS[0].sample.format(**{name: value for name, (value, _) in SETTINGS.items()}), device, CONNECTION
    )
    assert reading.missing == [
        "lifetimes, and which phase a setting is of: the form of Acme is not known here"
    ]
