"""A parameter group's values, set in a running server."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

import pymysql
from pymysql.constants import CR
from pymysql.cursors import Cursor

LOG = logging.getLogger("tenantnet.local.mysql")
READ_ONLY = "read_only"
# Read-only as long as it is a replica.
TRUE_IF_REPLICA = "{TrueIfReplica}"
# What RDS has where nobody sets it, and MySQL, or our servers when they start, has otherwise.
DEFAULTS = {READ_ONLY: TRUE_IF_REPLICA, "require_secure_transport": "0"}
# Numbers of what the client noticed, not of what the server said.
CLIENT_ERRORS = range(CR.CR_ERROR_FIRST, 3000)
NUMBER = re.compile(r"\d+(\.\d+)?")

# By name; None gives a parameter its default back.
Values = Mapping[str, str | None]


def apply_values(cursor: Cursor, values: Values, *, is_replica: bool, who: str) -> None:
    """Set what can be set in a running server; the log says what this one does not take.

    who: the instance, for the log. Raises MySQL's error where the server does not answer.
    """
    for name, value in values.items():
        wanted = DEFAULTS.get(name) if value is None else value
        if wanted == TRUE_IF_REPLICA:
            wanted = str(int(is_replica))
        if wanted is not None and wanted.startswith("{"):
            # A share of the class's memory; the local servers are small, whatever their class.
            continue
        try:
            _set(cursor, name.replace("-", "_"), wanted)
        except pymysql.MySQLError as error:
            if error.args[0] in CLIENT_ERRORS:
                raise
            LOG.warning("%s: the parameter %s = %s was not taken: %s", who, name, wanted, error.args[-1])


def _set(cursor: Cursor, name: str, value: str | None) -> None:
    # The names are RDS's own: others no parameter group takes.
    if value is None:
        cursor.execute(f"SET GLOBAL {name} = DEFAULT")
    elif NUMBER.fullmatch(value):
        cursor.execute(f"SET GLOBAL {name} = {value}")
    else:
        cursor.execute(f"SET GLOBAL {name} = %s", (value,))
