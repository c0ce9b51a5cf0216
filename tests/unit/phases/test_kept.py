"""What a deployed stack keeps: its region, its platform, its first user, its storage, its networks."""

from __future__ import annotations

from typing import Any

import pytest
from tenantnet.phases.kept import STORAGE, in_config, in_outputs, refuse_changes, with_one_network

TENANT: dict[str, Any] = {
    "platform": "platform-eu1",
    "database": {"username": "acmeadmin", "storageGb": 200},
    "networks": {"blue": {"cidr": "10.1.2.0/26"}},
}
OUTPUTS = {"platform": "platform-eu1", "region": "eu-west-1", "database": {"username": "acmeadmin"}}


def config(**changes: Any) -> dict[str, Any]:
    return {"aws:region": "eu-west-1", "tenantnet:tenant": {**TENANT, **changes}}


def broken(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str]]:
    known = in_config(before)
    found = refuse_changes(known, in_config(after), with_one_network(known))
    return [(refusal.rule_id, refusal.value) for refusal in found]


@pytest.mark.parametrize(
    ("changes", "rule", "value"),
    [
        ({"database": {**TENANT["database"], "username": "other"}}, "username-kept", "other"),
        ({"platform": "platform-eu2"}, "platform-kept", "platform-eu2"),
        ({"database": {**TENANT["database"], "storageGb": 199}}, "storage-grows", "199"),
        # The default is less.
        ({"database": {"username": "acmeadmin"}}, "storage-grows", "100"),
        ({"networks": {"blue": {"cidr": "10.1.3.0/26"}}}, "cidr-kept", "10.1.3.0/26"),
        ({"networks": {"green": {"cidr": "10.1.2.0/26"}}}, "production-kept", "not in the settings"),
    ],
)
def test_a_change_of_what_a_tenant_keeps_is_refused(changes: dict[str, Any], rule: str, value: str) -> None:
    assert broken(config(), config(**changes)) == [(rule, value)]


def test_all_changes_of_one_file_are_refused_at_once_with_what_is_deployed() -> None:
    after = config(platform="platform-eu2", database={"username": "other", "storageGb": 50})
    assert len(broken(config(), after)) == 3
    (found,) = refuse_changes(in_outputs(OUTPUTS), in_config(config(database={"username": "other"})))
    assert "this one has acmeadmin" in found.reason
    assert found.remedy.startswith("put acmeadmin back")


def test_a_platform_stays_in_its_region_and_a_tenant_in_that_of_its_platform() -> None:
    platform: dict[str, Any] = {"tenantnet:platform": {}}
    ireland, paris = ({**platform, "aws:region": each} for each in ("eu-west-1", "eu-west-3"))
    assert broken(ireland, paris) == [("region-kept", "eu-west-3")]
    assert broken(ireland, ireland) == []
    # Beside its platform it is refused in the words of that.
    assert broken(config(), {**config(), "aws:region": "eu-west-3"}) == []


@pytest.mark.parametrize(
    "odd", [None, [], 7, {"database": []}, {"database": {"username": 7, "storageGb": "x"}}]
)
def test_what_has_another_shape_is_left_to_other_rules(odd: object) -> None:
    assert broken(config(), {"tenantnet:tenant": odd}) == []
    assert broken({"tenantnet:tenant": odd}, config()) == []


def test_what_grows_or_is_not_known_is_kept() -> None:
    assert broken(config(), config(database={**TENANT["database"], "storageGb": 400})) == []
    assert refuse_changes(in_outputs({}), in_config(config())) == []
    assert refuse_changes({STORAGE: None}, {STORAGE: 20}) == []


def test_of_two_networks_only_the_stack_knows_which_is_in_production() -> None:
    both = config(networks={"blue": {"cidr": "10.1.2.0/26"}, "green": {"cidr": "10.1.3.0/26"}})
    assert broken(both, config(networks={"green": {"cidr": "10.1.3.0/26"}})) == []
