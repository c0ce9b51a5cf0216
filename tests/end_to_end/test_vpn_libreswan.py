"""The guide for Libreswan, taken as it is to a gateway with Debian's package; AWS's end is strongSwan.

A kernel without ESP lets Libreswan agree on everything with both endpoints and then not carry anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tenantnet.vpn.guides import libreswan_guide

from tests.support.libreswan import Libreswan, unpack
from tests.support.vpn_lab import Lab, made_lab, until
from tests.support.vpn_machine import why_not
from tests.support.vpn_reading import xml_figures
from tests.support.vpn_samples import configuration_xml, connection

STRONG: dict[str, Any] = {
    "IKEVersions": [{"Value": "ikev2"}],
    **{
        f"Phase{phase}{option}": [{"Value": value}]
        for phase in (1, 2)
        for option, value in (
            ("EncryptionAlgorithms", "AES256"),
            ("IntegrityAlgorithms", "SHA2-384"),
            ("DHGroupNumbers", 20),
        )
    },
}
XML = configuration_xml([STRONG, {**STRONG, "Phase2EncryptionAlgorithms": [{"Value": "AES256-GCM-16"}]}])
AUTHENTICATED = re.compile(r"(\S+-[12])\" #\d+: initiator established IKE SA; authenticated peer")
NO_ESP, NO_INTERFACES = "Protocol not supported", "xfrmi is not supported"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("debian") / "libreswan"
    if reason := why_not() or unpack(folder):
        pytest.skip(f"VPN LAB SKIPPED, the Libreswan guide was NOT tried here: {reason}")
    return folder


@pytest.fixture(scope="module")
def lab(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    with made_lab(folder, xml_figures(XML), network_cidr="10.1.2.0/26", ping_host="10.1.2.42") as made:
        for endpoint in made.endpoints.values():
            endpoint.start()
        made.answer_by(1)
        yield made


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guide")
    for name, text in libreswan_guide(connection(XML)).items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def gateway(package: Path, lab: Lab, guide: Path) -> Libreswan:
    """With what the guide's README says done."""
    commands = re.findall(r"^```sh\n(.*?)^```", (guide / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    made = Libreswan(package, lab.gateway.host)
    made.shell(commands[0], guide)
    return made


def is_stopped_by_the_kernel(gateway: Libreswan) -> bool:
    return any(words in gateway.log() for words in (NO_ESP, NO_INTERFACES))


def test_its_own_parser_takes_the_files_and_no_others(gateway: Libreswan) -> None:
    assert gateway.check().returncode == 0, gateway.check().stderr
    (conf,) = (gateway.folder / "etc" / "ipsec.d").glob("*.conf")
    text = conf.read_text()
    try:
        conf.write_text(text.replace("dpddelay", "dpddelai"))
        assert gateway.check().returncode != 0
    finally:
        conf.write_text(text)


def test_both_endpoints_agree_and_each_knows_the_company(gateway: Libreswan, lab: Lab) -> None:
    with gateway.running():
        until(lambda: is_stopped_by_the_kernel(gateway) or lab.answers(), "the ping host answers")
    if not is_stopped_by_the_kernel(gateway):
        return
    # Everything but what this kernel lacks.
    (conf,) = (gateway.folder / "etc" / "ipsec.d").glob("*.conf")
    conf.write_text(re.sub(r"^\tipsec-interface=.*\n", "", conf.read_text(), flags=re.MULTILINE))
    with gateway.running():
        until(lambda: len(set(AUTHENTICATED.findall(gateway.log()))) == 2, "both endpoints authenticate")
        agreed = [
            re.search(r"ESP:(\S+)", endpoint.execute("swanctl", "--list-sas"))
            for endpoint in lab.endpoints.values()
        ]
    assert [found and found[1] for found in agreed] == ["AES_CBC-256/HMAC_SHA2_384_192", "AES_GCM_16-256"]
    assert NO_ESP in gateway.log(), "the kernel is all that was in the way"
