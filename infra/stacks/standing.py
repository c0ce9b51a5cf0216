"""Databases on their way out: whether they are still there, asked through the provider."""

from __future__ import annotations

import pulumi_aws as aws

from infra.migration.phases import Declaration, Origin, Slot
from infra.tags import Owner

# What the provider answers where there is no such instance.
NO_SUCH_INSTANCE = "couldn't find resource"


def databases_gone(owner: Owner, declared: Declaration) -> set[Slot]:
    """The slots whose database is declared only while it stands, and is gone.

    An update that was killed after it had deleted the database still declares it: made once more, it would be
    empty. Raises Exception where AWS does not answer.
    """
    standing = [
        slot
        for slot, part in declared.slots.items()
        if part.database and part.database.origin is Origin.STANDING
    ]
    return {slot for slot in standing if not _exists(owner.in_network(slot).prefix)}


def _exists(identifier: str) -> bool:
    try:
        aws.rds.get_instance(db_instance_identifier=identifier)
    except Exception as error:  # the engine raises nothing narrower
        if NO_SUCH_INSTANCE in str(error):
            return False
        raise
    return True
