"""Tags of one's own are on whatever can have tags, and are refused where they would count as Tenantnet's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from tenantnet.components.checked import require
from tenantnet.policies.tags import TAGGED
from tenantnet.refusal import Refused
from tenantnet.tags import Owner

from tests.support.component_samples import RUNNER
from tests.support.mock_engine import RecordingEngine
from tests.support.mock_stacks import declare_acme, declare_cell

OWN = {"CostCenter": "4711", "org:owner": "Data platform"}


@pytest.mark.parametrize(
    "declare",
    [lambda: declare_acme(tags=OWN, runner=True), lambda: declare_cell(tags=OWN, runner=RUNNER)],
    ids=["tenant", "platform"],
)
def test_whatever_can_have_tags_has_those_of_the_settings_beside_tenantnets(
    declare: Callable[[], RecordingEngine],
) -> None:
    registered = declare().registered
    tagged = {each.name: each.inputs.get("tags", {}) for each in registered if each.type in TAGGED}
    assert len(tagged) > 20
    assert not {name: tags for name, tags in tagged.items() if not {*OWN.items()} <= {*tags.items()}}
    assert not {name: tags for name, tags in tagged.items() if "tenantnet:cell" not in tags}


@pytest.mark.parametrize(
    ("owner", "refused"),
    [
        (Owner(cell="eu1", tenant="acme", own_tags={"tenantnet:part": "sessions"}), "tag-key-free"),
        (Owner(cell="eu1", own_tags={f"Tag{number}": "x" for number in range(9)}), "tags-count"),
    ],
)
def test_a_component_judges_tags_as_the_settings_do(owner: Owner, refused: str) -> None:
    with pytest.raises(Refused) as caught:
        require("It", owner, {})
    assert [each.rule_id for each in caught.value.refusals] == [refused]
    assert caught.value.refusals[0].path.startswith("owner.own_tags")


def test_no_tag_of_ones_own_takes_the_place_of_tenantnets() -> None:
    tags: Mapping[str, str] = Owner(cell="eu1", own_tags={"Name": "x", "tenantnet:cell": "eu2"}).tags("acme")
    assert tags == {"Name": "acme", "tenantnet:cell": "eu1"}
