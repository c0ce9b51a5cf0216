"""What EC2 gets of a text that people wrote, for a security group's or rule's description."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenantnet.aws.descriptions import ec2_description
from tenantnet.local_cloud.validation.check import violations_of

RULE = "ec2 IpRange.Description"


def test_a_text_that_ec2_takes_stays_as_it_is() -> None:
    text = "Seattle office (HQ) #2: a-z_A-Z 0.9/@[]+=&;{}!$*"
    assert ec2_description(text, otherwise="acme") == text


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("Zürich office", "Zurich office"),
        ("O'Brien\u2019s \u201cplant\u201d", "OBriens plant"),
        ("Straße in Łódź, Ærø", "Strasse in Lodz, AEro"),
        ("north \u2013 south", "north - south"),
        ("a < b", "a _ b"),
        ("東京 Tokyo", "_ Tokyo"),
        ("東京", "acme-blue-hq"),
        ("d" * 300, "d" * 255),
    ],
)
def test_people_recognise_what_is_left(text: str, taken: str) -> None:
    assert ec2_description(text, otherwise="acme-blue-hq") == taken


# The first text waits until EC2's model is read.
@settings(deadline=None)
@given(st.text(min_size=1, max_size=400))
def test_ec2_takes_what_is_made_of_any_text(text: str) -> None:
    taken = ec2_description(text, otherwise="acme")
    assert violations_of(RULE, taken) == []
    assert taken == text or violations_of(RULE, text)
    assert ec2_description(taken, otherwise="acme") == taken
