"""Parameters that settings may set: what RDS knows, and what it takes."""

from __future__ import annotations

import pytest
from tenantnet.aws import parameters as mysql
from tenantnet.aws.engines import FAMILIES
from tenantnet.components.tenant_database import PARAMETERS
from tenantnet.local_cloud.rds.parameters import parameters as known_to_rds

RDS = known_to_rds(FAMILIES["8.4"])


@pytest.mark.parametrize("name", mysql.NAMES)
def test_rds_has_it_and_applies_it_when_it_is_said_to(name: str) -> None:
    assert RDS[name].static is (name in mysql.STATIC)


@pytest.mark.parametrize("name", mysql.NUMBERS)
def test_both_ends_of_a_number_are_what_rds_takes(name: str) -> None:
    low, high = mysql.NUMBERS[name]
    for value in (low, high):
        assert mysql.takes(name, value)
        RDS[name].check(str(value), "pending-reboot")
    assert not mysql.takes(name, low - 1)
    assert not mysql.takes(name, high + 1)


@pytest.mark.parametrize(
    ("name", "word"), [(name, word) for name in mysql.WORDS for word in mysql.WORDS[name]]
)
def test_every_word_is_one_that_rds_takes(name: str, word: str) -> None:
    assert mysql.takes(name, word)
    RDS[name].check(word, "immediate")


def test_tenantnets_own_are_not_among_them() -> None:
    assert not {*PARAMETERS, "read_only"} & {*mysql.NAMES}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sql_mode", ""),
        ("sql_mode", "ansi"),
        ("sql_mode", "ANSI;DROP"),
        ("time_zone", "Europe/Berlin"),
        ("collation_server", "utf8mb4 x"),
        ("event_scheduler", True),
        ("long_query_time", 0.5),
        ("long_query_time", "007"),
        ("max_allowed_packet", None),
        ("max_allowed_packet", "1e6"),
    ],
)
def test_what_rds_or_mysql_would_refuse_is_not_taken(name: str, value: object) -> None:
    assert not mysql.takes(name, value)
