"""Whether databases that are being removed, or left over, still exist; asked through the provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi_aws as aws
from tenantnet.phases.memory import remembered
from tenantnet.phases.phases import Declaration, Origin, Phase
from tenantnet.tags import Owner, Slot, network_name

# What the provider answers where there is no such instance.
NO_SUCH_INSTANCE = "couldn't find resource"


def databases_gone(owner: Owner, declared: Declaration) -> set[Slot]:
    """The slots whose database is declared only while it exists, and is gone.

    An update that was killed after it had deleted the database still declares it: made once more, it would be
    empty. Raises Exception if AWS does not answer.
    """
    leaving = [
        slot
        for slot, part in declared.slots.items()
        if part.database and part.database.origin is Origin.LEAVING
    ]
    return {slot for slot in leaving if not _exists(owner.in_network(slot).prefix)}


def has_leftovers(tenant: str, outputs: Mapping[str, Any]) -> bool:
    """Whether, between two moves, the slot that is not in production has a database.

    It can have one only where it has a network. Raises Exception if AWS does not answer.
    """
    state = remembered(outputs)
    if state is None or state.phase is not Phase.STEADY or state.production.other not in state.networks:
        return False
    return _exists(network_name(tenant, state.production.other))


def _exists(identifier: str) -> bool:
    try:
        aws.rds.get_instance(db_instance_identifier=identifier)
    except Exception as error:  # the engine raises nothing narrower
        if NO_SUCH_INSTANCE in str(error):
            return False
        raise
    return True
