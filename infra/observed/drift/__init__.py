"""Finds what is in AWS and not in a tenant's stack, or the other way round, in sentences.

Pulumi's refresh compares what the stack declares. It cannot see what somebody added beside it:
that is read from EC2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tenantnet.engine.events import Step
from tenantnet.observed.deployed import Deployed
from tenantnet.observed.drift.additions import additions
from tenantnet.observed.drift.observe import observe_networks
from tenantnet.observed.drift.put_back import describe, rules_put_back
from tenantnet.observed.drift.refreshed import changes_by_others
from tenantnet.observed.drift.state import StackState
from tenantnet.observed.reader import Reader


def find_drift(
    tenant: str, region: str, refreshed: Sequence[Step], reader: Reader | None = None
) -> list[str]:
    """Every difference, one sentence each.

    region: where the state does not say it. refreshed: what a refresh of the tenant's stack has found, by the
    engine or from pages. reader: None for one that asks for this tenant alone.

    Raises Failure if EC2 does not answer or does not allow a call.
    """
    state = StackState.of(refreshed)
    deployed = observe_networks(tenant, state, state.region or region, reader)
    return differences(refreshed, deployed, state)


def differences(refreshed: Sequence[Step], deployed: Deployed, state: StackState) -> list[str]:
    """The same of what AWS has. What somebody has put back is one difference, not two."""
    back = rules_put_back(refreshed, deployed.rules)
    lost = [step for step in refreshed if not (step.old and step.old.id in back)]
    ids = {rule.id for rule in back.values()}
    others = replace(deployed, rules=tuple(rule for rule in deployed.rules if rule.id not in ids))
    return [
        *changes_by_others(lost, state),
        *(describe(own, rule, state) for own, rule in sorted(back.items())),
        *additions(others, state),
    ]
