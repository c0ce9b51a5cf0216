"""Parameters that settings may set: what RDS knows, and what it takes."""

from __future__ import annotations

import pytest
from tenantnet.aws import parameters as mysql
from tenantnet.aws.engines import FAMILIES
from tenantnet.components.tenant_database import PARAMETERS
from tenantnet.local_cloud.rds.parameters import parameters as known_to_rds
from tenantnet.settings.checks import check_parameters

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


def test_every_collation_is_of_its_character_set_as_a_server_lists_them() -> None:
    names = [f"{charset}_{rest}" for charset, own in mysql.COLLATIONS.items() for rest in own]
    assert all(mysql.character_set_of(name) == name.partition("_")[0] for name in names)
    # SELECT CHARACTER_SET_NAME, COUNT(*) FROM information_schema.COLLATIONS GROUP BY 1
    listed = {"ascii": 2, "binary": 0, "latin1": 8, "latin2": 5, "ucs2": 27, "utf16": 26, "utf32": 26}
    assert {charset: len({*own}) for charset, own in mysql.COLLATIONS.items()} == {**listed, "utf8mb4": 89}
    assert mysql.character_set_of("binary") == "binary"


@pytest.mark.parametrize(
    "given",
    [
        {"collation_server": "utf8mb4_de_pb_0900_as_cs"},
        {"character_set_server": "latin1"},
        {"character_set_server": "latin1", "collation_server": "latin1_german2_ci"},
        {"character_set_server": "binary", "collation_server": "binary"},
    ],
)
def test_a_collation_goes_with_its_character_set(given: dict[str, str]) -> None:
    assert check_parameters(given) == []


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
        ("collation_server", "utf8mb4_0900_ai"),
        ("collation_server", "latin1_0900_ai_ci"),
        ("collation_server", "binary_bin"),
        ("event_scheduler", True),
        ("long_query_time", 0.5),
        ("long_query_time", "007"),
        ("max_allowed_packet", None),
        ("max_allowed_packet", "1e6"),
    ],
)
def test_what_rds_or_mysql_would_refuse_is_not_taken(name: str, value: object) -> None:
    assert not mysql.takes(name, value)
