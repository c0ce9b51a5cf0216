"""A client as it would be anywhere: it looks a name up, and trusts the authority that it was given."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.resolver
import pymysql
from mypy_boto3_rds import RDSClient
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed
from tenantnet.local_cloud.mysql.home import place
from tenantnet.local_cloud.process import LocalCloud

from tests.support.databases import PASSWORD

LIMIT_SECONDS = 60.0


def wait_for(condition: Callable[[], object]) -> None:
    """Return once it holds. Raises RetryError after a minute."""
    Retrying(
        retry=retry_if_result(lambda holds: not holds),
        stop=stop_after_delay(LIMIT_SECONDS),
        wait=wait_fixed(0.05),
    )(condition)


def resolver(cloud: LocalCloud, *, tcp: bool = False) -> Callable[[str, str], dns.resolver.Answer]:
    """Asks the local cloud's name server, and nobody else."""
    asking = dns.resolver.Resolver(configure=False)
    asking.nameservers, asking.port = ["127.0.0.1"], cloud.running_server().dns_port

    def ask(name: str, kind: str = "A") -> dns.resolver.Answer:
        return asking.resolve(name, kind, tcp=tcp, lifetime=5)

    return ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Logs in at an endpoint by its name.

    expected: the name that the server's certificate must be for, where that is another one.
    """

    cloud: LocalCloud
    host: str
    expected: str | None = None
    password: str = PASSWORD
    username: str = "acmeadmin"
    tls: bool = True

    @classmethod
    def of(cls, cloud: LocalCloud, rds: RDSClient, identifier: str, **login: Any) -> Client:
        described = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"][0]
        return cls(cloud=cloud, host=described["Endpoint"]["Address"], **login)

    @contextmanager
    def connected(self) -> Iterator[pymysql.cursors.Cursor]:
        address = resolver(self.cloud)(self.host, "A")[0].to_text()
        security: dict[str, Any] = {"ssl_disabled": True}
        if self.tls:
            security = {"ssl": ssl.create_default_context(cafile=str(self.cloud.state.authority))}
        connection = pymysql.connect(
            host=self.expected or self.host,
            user=self.username,
            password=self.password,
            autocommit=True,
            defer_connect=True,
            **security,
        )
        connection.connect(socket.create_connection((address, 3306), timeout=10))
        with connection, connection.cursor() as cursor:
            yield cursor

    def run(self, *statements: str) -> list[Any]:
        """The rows of the last statement."""
        with self.connected() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def refused(self, *statements: str) -> int:
        """MySQL's number for why it refuses the login or a statement; 0 where it does not."""
        try:
            self.run(*statements)
        except pymysql.MySQLError as error:
            return int(error.args[0])
        return 0


def servers_of(home: Path) -> set[int]:
    """The ids of the database servers that keep their files in a folder."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if b"mysqld" in command and f"={home}/".encode() in command:
            found.add(int(process.name))
    return found


def home_of(cloud: LocalCloud) -> Path:
    """Where a cloud's servers keep their files."""
    return place(cloud.state).resolve()
