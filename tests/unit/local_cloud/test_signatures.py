"""How long a signature is good."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from botocore.credentials import Credentials
from tenantnet.local_cloud.signatures import (
    Fault,
    Received,
    SignatureRefusedError,
    signature_of,
    verify,
)

from tests.support.aws import signed

URL = "http://127.0.0.1:4566/"


def fault_after(age: timedelta) -> Fault | None:
    headers = signed(Credentials("local", "secret"), "ec2", "GET", URL)
    received = Received(method="GET", target="/", headers={"host": "127.0.0.1:4566", **lower(headers)})
    try:
        verify(received, signature_of(received), "secret", datetime.now(UTC) + age)
    except SignatureRefusedError as refused:
        return refused.fault
    return None


def lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.mark.parametrize(
    ("minutes", "fault"), [(-16, Fault.EXPIRED), (-14, None), (0, None), (14, None), (16, Fault.EXPIRED)]
)
def test_a_signature_is_good_for_15_minutes(minutes: int, fault: Fault | None) -> None:
    assert fault_after(timedelta(minutes=minutes)) is fault
