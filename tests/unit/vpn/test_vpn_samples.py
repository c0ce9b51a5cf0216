"""EC2's samples for devices: what in them a tunnel would refuse."""

from __future__ import annotations

import pytest
from tenantnet.vpn.connection import Permitted
from tenantnet.vpn.forms import Reading, read_sample
from tenantnet.vpn.guides import device_guide
from tenantnet.vpn.samples import DeviceType, Weakness, headed, unseen, weaknesses, without_keys

from tests.support.records import replace
from tests.support.vpn_samples import STRICT, configuration_xml, connection

CONNECTION = connection(configuration_xml([{}, {}]))
CISCO = DeviceType(id="b0adb196", vendor="Cisco Systems, Inc.", platform="ISR", software="IOS 12.4+")


# What AWS has no word for, so that no choice of options permits it.
NOT_AWS_OWN = (
    ("  encryption 3des", "3DES"),
    ("crypto ipsec transform-set T esp-3des esp-sha256-hmac", "3DES"),
    ("  - Encryption Algorithm     : Triple DES", "3DES"),
    ("set ike proposal encryption-algorithm 3des-cbc", "3DES"),
    ("    set proposal 3des-sha256", "3DES"),
    ("  esp=3des-sha256-modp2048!", "3DES"),
    ("  encryption des", "DES"),
    ("crypto ipsec transform-set T esp-des esp-sha256-hmac", "DES"),
    ("set ike proposal encryption-algorithm des-cbc", "DES"),
    ("  encryption aes 192", "AES-192"),
    ("    set proposal aes192-sha256", "AES-192"),
    ("set ike proposal encryption-algorithm aes-192-cbc", "AES-192"),
    ("  hash md5", "MD5"),
    ("crypto ipsec transform-set T esp-aes 256 esp-md5-hmac", "MD5"),
    ("set ipsec proposal authentication-algorithm hmac-md5-96", "MD5"),
    ("  - Authentication Algorithm : HMAC-MD5", "MD5"),
    ("    set proposal aes256-md5", "MD5"),
    ("  group 1", "Diffie-Hellman group 1"),
    ("  esp=aes256-sha256-modp768!", "Diffie-Hellman group 0"),
)


def found(text: str, permitted: Permitted = STRICT) -> list[str]:
    return [weakness.what for weakness in weaknesses(text, [permitted, permitted])]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("  - Encryption Algorithm     : aes-128-cbc", "AES-128"),
        ("  encryption aes 128", "AES-128"),
        ("  encryption aes", "AES-128"),
        ("crypto ipsec transform-set T esp-aes esp-sha256-hmac", "AES-128"),
        ("set ike proposal encryption-algorithm aes-128-cbc", "AES-128"),
        ("    set proposal aes128-sha256", "AES-128"),
        ("  ike=aes128gcm16-prfsha256-modp2048!", "AES-128"),
        ("  - Authentication Algorithm : sha1", "SHA-1"),
        ("  - Authentication Algorithm : hmac-sha1-96", "SHA-1"),
        ("  hash sha", "SHA-1"),
        ("crypto ipsec transform-set T esp-aes 256 esp-sha-hmac", "SHA-1"),
        ("set ipsec proposal authentication-algorithm hmac-sha1-96", "SHA-1"),
        ("  - Perfect Forward Secrecy  : Diffie-Hellman Group 2", "Diffie-Hellman group 2"),
        ("  group 2", "Diffie-Hellman group 2"),
        ("  set pfs group5", "Diffie-Hellman group 5"),
        ("    set dhgrp 2", "Diffie-Hellman group 2"),
        ("set ike proposal dh-group group24", "Diffie-Hellman group 24"),
        ("  esp=aes256-sha256-modp1024!", "Diffie-Hellman group 2"),
        ("  - IKE version              : IKEv1", "IKEv1"),
        ("    set ike-version 1", "IKEv1"),
        ("  keyexchange=ikev1", "IKEv1"),
        ("crypto isakmp policy 200", "IKEv1"),
        ("            dh-group '2'", "Diffie-Hellman group 2"),
        ("        pfs 'dh-group5'", "Diffie-Hellman group 5"),
        ("    set dhgrp 14 5 ", "Diffie-Hellman group 5"),
        ("  group 14 2", "Diffie-Hellman group 2"),
        ("  group 19 20 2", "Diffie-Hellman group 2"),
        ("dh-group [ group14 group2 ];", "Diffie-Hellman group 2"),
        ('"dhGroups": [14, 2],', "Diffie-Hellman group 2"),
        ("DH Group(s): 14,5", "Diffie-Hellman group 5"),
        ("            encryption 'aes128'", "AES-128"),
        ("            hash 'sha1'", "SHA-1"),
        ("auth-algorithms=sha1 enc-algorithms=aes-256-cbc", "SHA-1"),
        *NOT_AWS_OWN,
    ],
)
def test_a_setting_that_the_tunnels_refuse_is_named(line: str, what: str) -> None:
    assert found(f"first line\n{line}\n") == [what]


@pytest.mark.parametrize(
    "line",
    [
        "  encryption aes 256",
        "  encryption aes-cbc-256",
        "crypto ipsec transform-set T esp-aes 256 esp-sha256-hmac",
        "crypto ipsec transform-set T esp-gcm 256",
        "  integrity sha256",
        "  hash sha256",
        "  - Authentication Algorithm : hmac-sha2-256-128",
        "  - Diffie-Hellman           : Group 14",
        "  group 20",
        "  ike=aes256-sha256-modp2048,aes256gcm16-prfsha384-ecp384!",
        "tunnel-group 203.0.113.2 type ipsec-l2l",
        "object-group network 2",
        "group-policy 2.example attributes",
        "  group 14 15 16",
        "            dh-group '14'",
        "ipsec ike group 1 modp2048",
        "ipsec ike version 1 2",
        "ip access-group 2101 in",
        "crypto ikev2 policy 1",
        "crypto isakmp key KEY address 203.0.113.1",
        "! these samples are for the minimum requirement of AES128, SHA1, and DH Group 2.",
        "Please note, these samples are for the minimum requirement of AES128, SHA1, and DH Group 2.",
        "You will need to modify them to take advantage of AES256, SHA256, or DH groups like 2, 14-18.",
    ],
)
def test_a_setting_that_they_permit_and_words_that_set_nothing_are_not(line: str) -> None:
    assert found(line) == []


def test_each_weakness_is_named_once_with_its_first_line() -> None:
    text = "a\nencryption aes128\ngroup 2\nencryption aes128\n"
    assert weaknesses(text, [STRICT, STRICT]) == [
        Weakness(what="AES-128", line=2),
        Weakness(what="Diffie-Hellman group 2", line=3),
    ]


def test_what_the_tunnels_permit_is_no_weakness() -> None:
    lax = replace(STRICT, ike_encryption=("AES128",), ipsec_encryption=("AES128", "AES256"))
    assert found("encryption aes128", lax) == []
    assert found("encryption aes128", Permitted()) == [], "AWS takes an empty option for all"


@pytest.mark.parametrize(("line", "what"), NOT_AWS_OWN)
def test_what_aws_does_not_know_is_refused_whatever_the_tunnels_permit(line: str, what: str) -> None:
    assert found(line, Permitted()) == [what]


def test_what_a_key_contains_by_chance_sets_nothing() -> None:
    key = "x.aes128.sha1.md5.group2.ikev1"
    odd = connection(configuration_xml([{"PreSharedKey": key}, {}]))
    sample = f"pre-shared key {key}\n"
    assert weaknesses(without_keys(sample, odd), [STRICT, STRICT]) == []
    missing = read_sample(sample, CISCO, odd).missing
    assert {"a version of IKE", "the encryption of phase 1", "the integrity of phase 1"} <= {*missing}
    assert "tunnel 1's pre-shared key" not in missing


def test_what_one_of_the_tunnels_refuses_is_a_weakness() -> None:
    assert weaknesses("encryption aes128", [Permitted(), STRICT])


def test_a_device_goes_by_a_name_of_vendor_platform_and_software() -> None:
    assert CISCO.name == "cisco-systems-inc-isr-ios-12.4"


def test_a_weak_sample_has_a_warning_beside_it_with_what_to_set_instead() -> None:
    guide = device_guide(
        CONNECTION, CISCO, "encryption aes128\n", [Weakness(what="AES-128", line=1)], Reading()
    )
    assert list(guide) == ["cisco-systems-inc-isr-ios-12.4.txt", "README.md", "WARNING.md"]
    assert "| AES-128 | 1 |" in guide["WARNING.md"]
    assert "| Phase 2 integrity | hmac-sha1-96 | hmac-sha1-96 |" in guide["WARNING.md"], "as in the XML"


@pytest.mark.parametrize(
    ("first", "mark"), [("! Amazon Web Services", "!"), ("# AWS", "#"), ("// AWS", "//")]
)
def test_a_warning_heads_a_sample_that_starts_with_a_comment(first: str, mark: str) -> None:
    sample = f"{first}\nencryption aes128\n"
    head = headed(sample, weaknesses(sample, [STRICT])).removesuffix(sample)
    assert "WARNING" in head
    assert "AES-128" in head
    assert all(line.startswith(mark) for line in head.splitlines())


def test_the_head_is_none_of_the_sins_that_it_names() -> None:
    sample = "! AWS\nencryption aes128\ngroup 2\n"
    text = headed(sample, weaknesses(sample, [STRICT]))
    assert [text.splitlines()[weakness.line - 1] for weakness in weaknesses(text, [STRICT])] == [
        "encryption aes128",
        "group 2",
    ]


def test_where_a_comment_might_be_none_the_sample_stays_as_it_is() -> None:
    sample = "Amazon Web Services\nencryption aes128\n"
    assert headed(sample, weaknesses(sample, [STRICT])) == sample


def test_a_sample_that_fits_is_alone_and_as_ec2_gave_it() -> None:
    assert headed("! x\n", []) == "! x\n"
    guide = device_guide(CONNECTION, CISCO, "! x\n", [], Reading())
    assert guide.keys() == {f"{CISCO.name}.txt", "README.md"}
    assert guide[f"{CISCO.name}.txt"] == "! x\n"
    assert "WARNING" not in guide["README.md"]


ALL = "ikev2\nencryption aes256\nintegrity sha256\ngroup 14\n"


@pytest.mark.parametrize(
    ("without", "kind"),
    [
        ("ikev2", "a version of IKE"),
        ("encryption aes256", "an encryption"),
        ("integrity sha256", "an integrity"),
        ("group 14", "a Diffie-Hellman group"),
    ],
)
def test_silence_means_that_every_kind_was_found(without: str, kind: str) -> None:
    assert unseen(ALL) == []
    assert unseen(ALL.replace(without, "cipher-suite 7")) == [kind]
    guide = device_guide(CONNECTION, CISCO, "x\n", [], Reading(missing=unseen("! x\n")))
    assert "Not found in the sample" in guide["WARNING.md"]
    assert kind in guide["WARNING.md"]
