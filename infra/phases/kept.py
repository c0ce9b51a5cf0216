"""What a stack keeps as long as it is deployed, and a change of its settings that would exchange it. Pure.

What is known of a stack is a mapping of the settings' paths to their values, from its outputs or from a
settings file that may have mistakes: what is not there, or of another kind, is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tenantnet.aws.sizes import DEFAULT_STORAGE_GB
from tenantnet.phases import rules
from tenantnet.phases.phases import Phase, State
from tenantnet.phases.updates import refuse_settings
from tenantnet.refusal import Refusal, Rule
from tenantnet.settings.files import REGION_KEY
from tenantnet.settings.loading import TENANT_KEY
from tenantnet.settings.resize import STORAGE_GROWS, refuse_storage
from tenantnet.tags import Slot

PLATFORM, USERNAME, STORAGE = "platform", "database.username", "database.storageGb"
# A tenant's region is that of its platform, and refused beside it.
_RULES: Mapping[str, Rule] = {
    REGION_KEY: rules.REGION_KEPT,
    PLATFORM: rules.PLATFORM_KEPT,
    USERNAME: rules.USERNAME_KEPT,
}

Known = Mapping[str, object]


def in_outputs(outputs: Mapping[str, Any]) -> Known:
    """What a stack of either kind remembers of its settings."""
    return {
        REGION_KEY: outputs.get("region"),
        PLATFORM: outputs.get("platform"),
        USERNAME: _of(outputs.get("database"), "username"),
    }


def in_config(config: Mapping[Any, object]) -> Known:
    """What `config` of a settings file says, of any shape."""
    tenant = config.get(TENANT_KEY)
    if not isinstance(tenant, Mapping):
        return {REGION_KEY: config.get(REGION_KEY)}
    database = tenant.get("database")
    networks = {slot: _of(_of(tenant.get("networks"), slot), "cidr") for slot in Slot}
    return {
        PLATFORM: tenant.get("platform"),
        USERNAME: _of(database, "username"),
        STORAGE: database.get("storageGb", DEFAULT_STORAGE_GB) if isinstance(database, Mapping) else None,
        **{slot: cidr for slot, cidr in networks.items() if isinstance(cidr, str)},
    }


def _of(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None


def refuse_changes(before: Known, after: Known, state: State | None = None) -> list[Refusal]:
    """What a change of the settings would exchange of a deployed stack.

    before: what it has. state: which networks it needs, where that is known.
    """
    return [
        *_exchanged(before, after),
        *_shrunk(before.get(STORAGE), after.get(STORAGE)),
        *(refuse_settings(state, _networks(after)) if state and _networks(after) else ()),
    ]


def beside_kept(refusals: Iterable[Refusal], exchanged: Sequence[Refusal]) -> list[Refusal]:
    """All of them, without those of a value that is to be put back: their own way out leads elsewhere."""
    kept = {each.path for each in exchanged}
    return [*(each for each in refusals if each.path not in kept), *exchanged]


def _exchanged(before: Known, after: Known) -> Iterator[Refusal]:
    for path, rule in _RULES.items():
        current, wanted = before.get(path), after.get(path)
        if isinstance(current, str) and isinstance(wanted, str) and current != wanted:
            yield rule.refuse(wanted, path, current=current)


def _shrunk(current: object, wanted: object) -> list[Refusal]:
    if not isinstance(current, int) or not isinstance(wanted, int):
        return []
    return [each for each in refuse_storage(current, wanted) if each.rule_id == STORAGE_GROWS.id]


def _networks(known: Known) -> dict[Slot, str]:
    return {slot: str(known[slot]) for slot in Slot if slot in known}


def with_one_network(before: Known) -> State | None:
    """The state of a tenant by its settings: a single network is in production. Of two it is not known."""
    if len(networks := _networks(before)) != 1:
        return None
    return State(phase=Phase.STEADY, production=next(iter(networks)), networks=networks)
