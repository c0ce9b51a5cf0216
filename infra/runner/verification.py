"""Whether two databases have the same data, by asking both servers while neither accepts writes.

Compared are tables (definition, rows, checksum), views, routines, triggers, events, and users with their
grants and password hashes. Reading takes as long as a scan of all tables.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import ssl
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any

import boto3
import dns.exception
import pymysql
from botocore.exceptions import ClientError
from pymysql.cursors import Cursor
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.aws.authorities import AUTHORITIES_OF_RDS, AUTHORITY_VARIABLE
from tenantnet.aws.session_documents import MYSQL_PORT
from tenantnet.failure import Failure
from tenantnet.runner.live.sql import qualified
from tenantnet.runner.reach import PHASE_STAYS, Reach, reach_directly
from tenantnet.tags import Tag

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

# A session through the tunnel host ends when nothing has passed for as long as the account's preferences
# say: 20 minutes, or as little as one.
# https://docs.aws.amazon.com/systems-manager/latest/userguide/session-preferences-timeout.html
PING_SECONDS = 20.0

SYSTEM_SCHEMAS = ("information_schema", "mysql", "performance_schema", "sys")
_IN_MEMORY = (
    "SELECT table_schema, table_name FROM information_schema.tables "
    "WHERE engine = 'MEMORY' AND table_schema NOT IN %s ORDER BY table_schema, table_name"
)
SYSTEM_USERS = ("mysql.infoschema", "mysql.session", "mysql.sys", "rdsadmin", "rdsrepladmin")

# What is compared of one thing: its kind, its schema and name or its user and host, and of which aspect.
Key = tuple[str, ...]
Contents = Mapping[Key, str]

# Kind, schema and name first: a procedure, a function and an event may have one name.
_LISTS = (
    "SELECT 'database', schema_name, '', default_character_set_name, default_collation_name "
    "FROM information_schema.schemata WHERE schema_name NOT IN %s",
    "SELECT LOWER(routine_type), routine_schema, routine_name, routine_definition, security_type, sql_mode, "
    "definer, dtd_identifier, sql_data_access, is_deterministic, character_set_client, collation_connection, "
    "database_collation FROM information_schema.routines WHERE routine_schema NOT IN %s",
    "SELECT CONCAT('parameters of ', LOWER(routine_type)), specific_schema, specific_name, ordinal_position, "
    "parameter_mode, parameter_name, dtd_identifier FROM information_schema.parameters "
    "WHERE specific_schema NOT IN %s",
    "SELECT 'trigger', trigger_schema, trigger_name, event_manipulation, event_object_table, action_timing, "
    "action_order, action_statement, sql_mode, definer, character_set_client, collation_connection, "
    "database_collation FROM information_schema.triggers WHERE trigger_schema NOT IN %s",
    # Not their status: on a replica every event is disabled, until somebody enables it after the promotion.
    "SELECT 'event', event_schema, event_name, event_definition, interval_value, interval_field, execute_at, "
    "starts, ends, on_completion, time_zone, sql_mode, definer, character_set_client, collation_connection, "
    "database_collation FROM information_schema.events WHERE event_schema NOT IN %s",
    "SELECT 'view', table_schema, table_name, view_definition, definer, security_type, check_option, "
    "character_set_client, collation_connection FROM information_schema.views WHERE table_schema NOT IN %s",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A user that may read every table and `mysql.user`. Its password is shown nowhere."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to reach a tenant's databases: the user, and the way."""

    login: Login
    reach: Reach = reach_directly


def secret_name(tenant: str) -> str:
    """The secret in Secrets Manager with the login for a tenant's databases."""
    return f"tenantnet/{tenant}/verification"


def read_login(tenant: str, region: str) -> Login | None:
    """The tenant's login from Secrets Manager; None if there is no such secret, or it is being deleted.

    The secret is JSON: {"username": …, "password": …}. Raises Failure if it is not, or if AWS does not
    answer.
    """
    name = secret_name(tenant)
    with aws_answers(f"read the secret {name}", region=region):
        client: SecretsManagerClient = boto3.client("secretsmanager", region_name=region, config=PATIENCE)
        try:
            text = client.get_secret_value(SecretId=name)["SecretString"]
        except (client.exceptions.ResourceNotFoundException, client.exceptions.InvalidRequestException):
            return None
    try:
        login = json.loads(text)
        return Login(username=login["username"], password=login["password"])
    except (ValueError, KeyError, TypeError):
        raise Failure(
            f"Could not read the secret {name}.",
            reason="it does not have the required form",
            remedy='set it to {"username": "…", "password": "…"} of a user that may read every table',
        ) from None


def write_login(tenant: str, region: str, login: Login) -> None:
    """Keep the tenant's login in Secrets Manager, in the place of a former one. Raises Failure."""
    name = secret_name(tenant)
    text = json.dumps({"username": login.username, "password": login.password})
    with aws_answers(f"write the secret {name}", region=region):
        client: SecretsManagerClient = boto3.client("secretsmanager", region_name=region, config=PATIENCE)
        try:
            client.create_secret(Name=name, SecretString=text, Tags=[{"Key": Tag.TENANT, "Value": tenant}])
        except client.exceptions.ResourceExistsException:
            client.put_secret_value(SecretId=name, SecretString=text)
        except client.exceptions.InvalidRequestException:
            # A former tenant's: one that is scheduled for deletion keeps its name for weeks.
            client.restore_secret(SecretId=name)
            client.put_secret_value(SecretId=name, SecretString=text)


def has_login(tenant: str, region: str) -> bool | None:
    """Whether there is such a secret, which is not being deleted; None for a caller who may not know.

    Raises Failure.
    """
    name = secret_name(tenant)
    with aws_answers(f"look for the secret {name}", region=region):
        client: SecretsManagerClient = boto3.client("secretsmanager", region_name=region, config=PATIENCE)
        try:
            return "DeletedDate" not in client.describe_secret(SecretId=name)
        except client.exceptions.ResourceNotFoundException:
            return False
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                raise
        return None


def differences(source: Contents, target: Contents) -> list[str]:
    """The differences, one sentence each, in order of the names. Pure."""
    found = []
    for key in sorted(source.keys() | target.keys()):
        here, there, name = source.get(key), target.get(key), _name(key)
        if here is None:
            found.append(f"{name}: only in the target")
        elif there is None:
            found.append(f"{name}: only in the source")
        elif here != there:
            found.append(f"{name}: {here} in the source, {there} in the target")
    return found


def _name(key: Key) -> str:
    """`table shop.orders: rows`, `function shop.vat`, `user shop@%: grants`."""
    kind, first, second, *aspect = key
    name = f"{first}@{second}" if kind == "user" else qualified(first, second)
    return ": ".join((f"{kind} {name}", *aspect))


def compare(source: str, target: str, access: Access) -> list[str]:
    """The differences between the databases at two addresses. Raises Failure if one cannot be read."""
    readers = ThreadPoolExecutor(2)
    try:
        first, second = readers.map(lambda address: read_contents(address, access), (source, target))
    finally:
        # A run that is stopped, or that could not read one, does not wait for a checksum of the other.
        readers.shutdown(wait=False, cancel_futures=True)
    return differences(first, second)


def require_readable(address: str, access: Access) -> None:
    """Raises Failure if the database cannot be reached, or the login may not read what is compared."""
    with connected(address, access) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM mysql.user")


def require_rows_on_disk(address: str, access: Access) -> None:
    """Raises Failure for rows that no copy keeps: its server restarts as it is promoted or restored.

    https://dev.mysql.com/doc/refman/8.4/en/memory-storage-engine.html
    """
    with connected(address, access) as connection, connection.cursor() as cursor:
        cursor.execute(_IN_MEMORY, (SYSTEM_SCHEMAS,))
        found = [
            f"{schema}.{table}"
            for schema, table in cursor.fetchall()
            if _rows(cursor, f"SELECT 1 FROM {_quoted(schema)}.{_quoted(table)} LIMIT 1")  # noqa: S608 - quoted
        ]
    if found:
        raise Failure(
            "Writes are not held back.",
            reason=f"tables of the engine MEMORY have rows, which the copy loses: {', '.join(found)}",
            remedy="convert them (ALTER TABLE ... ENGINE=InnoDB) or empty them; then `tenantnet migrate run` "
            "goes on",
            state=PHASE_STAYS,
        )


def read_contents(address: str, access: Access) -> Contents:
    """The compared content of one database. Raises Failure if it cannot be reached or read."""
    with connected(address, access) as connection, pinged(address, access), connection.cursor() as cursor:
        return {**definitions(cursor, access.login.username), **dict(_rows_of_tables(cursor))}


def definitions(cursor: Cursor, login: str) -> Contents:
    """All that is compared but the rows: definitions, and users with their grants. Raises MySQL's error.

    login: the user whose password may be hashed anew.
    """
    return {**dict(_definitions_of_tables(cursor)), **dict(_lists(cursor)), **dict(_users(cursor, login))}


@contextmanager
def pinged(address: str, access: Access) -> Iterator[None]:
    """Send something now and then, on a second connection, however long one checksum takes."""
    read = Event()

    def ping() -> None:
        # The reading connection will report the error.
        with suppress(Failure), connected(address, access) as connection:
            while not read.wait(PING_SECONDS):
                connection.ping(reconnect=False)

    with ThreadPoolExecutor(1) as pinging:
        pinging.submit(ping)
        try:
            yield
        finally:
            read.set()


@contextmanager
def connected(address: str, access: Access) -> Iterator[pymysql.Connection[Any]]:
    """A connection over TLS. Raises Failure if the database cannot be reached, or does not answer."""
    try:
        with connect(address, access) as connection:
            yield connection
    except (pymysql.MySQLError, OSError, dns.exception.DNSException) as error:
        raise Failure(
            f"Could not read from {address}.",
            reason=str(error),
            remedy=f"check that this machine reaches port {MYSQL_PORT}, and that the login in Secrets "
            "Manager may read every table; then `tenantnet migrate run` goes on",
            state=PHASE_STAYS,
        ) from None


def connect(
    address: str,
    access: Access,
    **options: Any,  # noqa: ANN401 - the driver's
) -> pymysql.Connection[Any]:
    """A connection over TLS. Raises MySQL's error, OSError, or Failure if there is no way."""
    connection = pymysql.connect(
        host=address,
        user=access.login.username,
        password=access.login.password,
        ssl=ssl.create_default_context(cafile=_authority()),
        defer_connect=True,
        **options,
    )
    reached = access.reach(address)
    # A checksum takes as long as it takes.
    reached.settimeout(None)
    connection.connect(reached)
    return connection


def _authority() -> str:
    if authority := os.environ.get(AUTHORITY_VARIABLE):
        return authority
    raise Failure(
        "Could not connect to the databases.",
        reason="the certificate authority of the databases is not set",
        remedy=f"download {AUTHORITIES_OF_RDS} and set {AUTHORITY_VARIABLE} to the file",
        state=PHASE_STAYS,
    )


def tables(cursor: Cursor) -> Sequence[tuple[str, str]]:
    """Schema and name of each table of the tenant's."""
    cursor.execute(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_type = 'BASE TABLE' AND table_schema NOT IN %s ORDER BY table_schema, table_name",
        (SYSTEM_SCHEMAS,),
    )
    return [(str(schema), str(table)) for schema, table in cursor.fetchall()]


def _definitions_of_tables(cursor: Cursor) -> Iterator[tuple[Key, str]]:
    for schema, table in tables(cursor):
        (created,) = _rows(cursor, f"SHOW CREATE TABLE {_quoted(schema)}.{_quoted(table)}")
        definition = re.sub(r" AUTO_INCREMENT=\d+", "", created[1])
        yield ("table", schema, table, "definition"), _digest([definition])


def _rows_of_tables(cursor: Cursor) -> Iterator[tuple[Key, str]]:
    for schema, table in tables(cursor):
        quoted = f"{_quoted(schema)}.{_quoted(table)}"
        ((count,),) = _rows(cursor, f"SELECT COUNT(*) FROM {quoted}")  # noqa: S608 - quoted
        ((_, checksum),) = _rows(cursor, f"CHECKSUM TABLE {quoted}")
        yield ("table", schema, table, "rows"), str(count)
        yield ("table", schema, table, "checksum"), str(checksum)


def _lists(cursor: Cursor) -> Iterator[tuple[Key, str]]:
    for query in _LISTS:
        found = defaultdict[Key, list[str]](list)
        cursor.execute(query, (SYSTEM_SCHEMAS,))
        for kind, schema, name, *rest in cursor.fetchall():
            found[kind, schema, name].append(repr(rest))
        yield from ((key, _digest(sorted(rows))) for key, rows in found.items())


def _users(cursor: Cursor, login: str) -> Iterator[tuple[Key, str]]:
    cursor.execute(
        "SELECT user, host, plugin, authentication_string, ssl_type, password_expired, max_questions, "
        "max_updates, max_connections, max_user_connections FROM mysql.user WHERE user NOT IN %s",
        (SYSTEM_USERS,),
    )
    for user, host, plugin, secret, *limits in cursor.fetchall():
        cursor.execute("SHOW GRANTS FOR %s@%s", (user, host))
        grants = sorted(str(grant) for (grant,) in cursor.fetchall())
        # The login works in both databases, so its password is the same. Its hash may differ: a
        # restored database sets its master user's password again, with another salt.
        if user != login:
            yield ("user", user, host, "password"), _digest([plugin, secret])
        yield ("user", user, host, "limits"), _digest(limits)
        yield ("user", user, host, "grants"), _digest(grants)


def _rows(cursor: Cursor, query: str) -> Sequence[Sequence[Any]]:
    cursor.execute(query)
    return cursor.fetchall()


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _digest(values: Sequence[object]) -> str:
    """A digest: short, and without content or a password's hash in clear."""
    return hashlib.sha256(repr([*values]).encode()).hexdigest()[:12]
