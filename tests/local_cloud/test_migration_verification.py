"""Two real databases are compared: a promoted replica, and everything that may differ from its source."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import boto3
import psutil
import pytest
from tenantnet.aws.engines import FAMILIES
from tenantnet.aws.session_documents import runner_document
from tenantnet.components.tenant_database import PARAMETERS
from tenantnet.failure import Failure
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.mysql.installation import find
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.runner import reach, verification
from tenantnet.runner.reach import ThroughTunnelHost
from tenantnet.runner.replication import Position, behind
from tenantnet.runner.verification import (
    Access,
    Login,
    compare,
    differences,
    read_contents,
    read_login,
    require_readable,
    secret_name,
)
from tenantnet.runner.writes import held_back, let_through, require_nothing_prepared
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import runner_document_name

from tests.support.component_samples import PLATFORM_OUTPUTS
from tests.support.databases import PASSWORD, Database
from tests.support.mysql_client import Client, wait_for
from tests.support.network import Network
from tests.support.tunnels import CELL, REGION, TunnelSite

INSTALLED = find()
pytestmark = pytest.mark.skipif(isinstance(INSTALLED, str), reason=f"NO REAL DATABASE IS TESTED: {INSTALLED}")
LOGIN = Login(username="acmeadmin", password=PASSWORD)
ACCESS = Access(login=LOGIN)
CONTENT = (
    "CREATE DATABASE app",
    "CREATE TABLE app.entry (id INT PRIMARY KEY AUTO_INCREMENT, text VARCHAR(20))",
    "INSERT app.entry (text) VALUES ('a'), ('b')",
    "CREATE VIEW app.texts AS SELECT text FROM app.entry",
    "CREATE PROCEDURE app.nothing() SELECT 1",
    "CREATE EVENT app.nightly ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO DELETE FROM app.entry",
    "CREATE FUNCTION app.nothing() RETURNS INT RETURN 1",
    "CREATE USER reader@'%' IDENTIFIED BY 'Another-Horse-8'",
    "GRANT SELECT ON app.* TO reader@'%'",
)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("cloud")) as running, pytest.MonkeyPatch.context() as patch:
        for name, value in environment(running.state_dir).items():
            patch.setenv(name, value)
        yield running


def takes_writes(client: Client) -> bool:
    """False also while the server restarts."""
    try:
        return not client.refused("CREATE DATABASE probe", "DROP DATABASE probe")
    except OSError:
        return False


@pytest.fixture(scope="module")
def pair(cloud: LocalCloud) -> tuple[Client, Client]:
    """A source with content, and what was its replica and took everything over before it was promoted."""
    rds, network = boto3.client("rds"), Network.create(boto3.client("ec2"))
    # With the parameters of a tenant's database, or nobody could make a function.
    group = "acme-blue-mysql84"
    rds.create_db_parameter_group(
        DBParameterGroupName=group, DBParameterGroupFamily=FAMILIES["8.4"], Description="a tenant's"
    )
    rds.modify_db_parameter_group(
        DBParameterGroupName=group,
        Parameters=[
            {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "immediate"}
            for name, value in PARAMETERS.items()
        ],
    )
    source = Database.create(rds, "acme-blue", network, DBParameterGroupName=group)
    wait_for(lambda: source.described()["DBInstanceStatus"] == "available")
    first = Client.of(cloud, rds, "acme-blue")
    first.run(*CONTENT)
    target = source.replica()
    wait_for(lambda: target.described()["DBInstanceStatus"] == "available")
    second = Client.of(cloud, rds, target.identifier)
    wait_for(lambda: behind(first.host, second.host, ACCESS) is None)
    rds.promote_read_replica(DBInstanceIdentifier=target.identifier)
    wait_for(lambda: takes_writes(second))
    return first, second


def test_a_promoted_replica_holds_what_its_source_holds(pair: tuple[Client, Client]) -> None:
    source, target = pair
    assert compare(source.host, target.host, ACCESS) == []
    named = read_contents(source.host, ACCESS)
    assert named["table", "app", "entry", "rows"] == "2"
    kinds = {("view", "texts"), ("procedure", "nothing"), ("function", "nothing"), ("event", "nightly")}
    assert {(kind, "app", name) for kind, name in kinds} <= named.keys()
    assert ("user", "reader", "%", "grants") in named


def test_a_prepared_transaction_of_xa_keeps_writes_from_being_held_back(pair: tuple[Client, Client]) -> None:
    source, _ = pair
    source.run("XA START 'x1'", "INSERT app.entry (text) VALUES ('xa')", "XA END 'x1'", "XA PREPARE 'x1'")
    try:
        with pytest.raises(Failure, match="XA are prepared: x1"):
            require_nothing_prepared(source.host, ACCESS)
    finally:
        source.run("XA ROLLBACK 'x1'")
    require_nothing_prepared(source.host, ACCESS)


def test_a_login_that_may_not_ask_for_prepared_transactions_is_told_the_right_that_it_needs(
    pair: tuple[Client, Client],
) -> None:
    source, _ = pair
    source.run(f"CREATE USER looker@'%' IDENTIFIED BY '{PASSWORD}'")
    try:
        with pytest.raises(Failure, match="GRANT XA_RECOVER_ADMIN") as failed:
            require_nothing_prepared(source.host, Access(login=Login(username="looker", password=PASSWORD)))
        assert "may not ask" in failed.value.reason
    finally:
        source.run("DROP USER looker@'%'")


def test_the_server_itself_says_whether_it_takes_writes(pair: tuple[Client, Client]) -> None:
    source, _ = pair
    assert not held_back(source.host, ACCESS)
    assert let_through(source.host, ACCESS) == "the server itself says that it is not read-only"


def test_a_restored_snapshot_holds_what_its_source_held(
    pair: tuple[Client, Client], cloud: LocalCloud
) -> None:
    rds = boto3.client("rds")
    rds.create_db_snapshot(DBSnapshotIdentifier="acme-move-1", DBInstanceIdentifier="acme-blue")
    rds.get_waiter("db_snapshot_available").wait(
        DBSnapshotIdentifier="acme-move-1", WaiterConfig={"Delay": 1}
    )
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="acme-restored",
        DBSnapshotIdentifier="acme-move-1",
        DBSubnetGroupName="acme-blue",
    )
    rds.get_waiter("db_instance_available").wait(
        DBInstanceIdentifier="acme-restored", WaiterConfig={"Delay": 1}
    )
    restored = Client.of(cloud, rds, "acme-restored")
    assert compare(pair[0].host, restored.host, ACCESS) == []


@pytest.mark.parametrize(
    ("change", "back", "named"),
    [
        ("INSERT app.entry VALUES (9, 'c')", "DELETE FROM app.entry WHERE id = 9", "table app.entry: rows"),
        (
            "UPDATE app.entry SET text = 'z' WHERE id = 1",
            "UPDATE app.entry SET text = 'a' WHERE id = 1",
            "checksum",
        ),
        ("CREATE TABLE app.more (id INT)", "DROP TABLE app.more", "table app.more: rows: only in the target"),
        ("ALTER TABLE app.entry ADD INDEX (text)", "ALTER TABLE app.entry DROP INDEX text", "definition"),
        ("DROP VIEW app.texts", CONTENT[3], "view app.texts: only in the source"),
        ("DROP PROCEDURE app.nothing", CONTENT[4], "procedure app.nothing: only in the source"),
        ("DROP FUNCTION app.nothing", CONTENT[6], "function app.nothing: only in the source"),
        (
            "ALTER EVENT app.nightly ON COMPLETION PRESERVE",
            "ALTER EVENT app.nightly ON COMPLETION NOT PRESERVE",
            "event app.nightly: ",
        ),
        (
            "ALTER EVENT app.nightly ON SCHEDULE EVERY 1 DAY STARTS '2038-01-01'",
            "ALTER EVENT app.nightly ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01'",
            "event app.nightly: ",
        ),
        (
            "ALTER EVENT app.nightly ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' ENDS '2038-01-01'",
            "ALTER EVENT app.nightly ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01'",
            "event app.nightly: ",
        ),
        ("DROP EVENT app.nightly", CONTENT[5], "event app.nightly: only in the source"),
        ("GRANT INSERT ON app.* TO reader@'%'", "REVOKE INSERT ON app.* FROM reader@'%'", "reader@%: grants"),
        ("CREATE USER new@'%'", "DROP USER new@'%'", "user new@%: password: only in the target"),
        ("CREATE DATABASE more", "DROP DATABASE more", "database more: only in the target"),
        ("ALTER USER reader@'%' REQUIRE SSL", "ALTER USER reader@'%' REQUIRE NONE", "user reader@%: limits"),
        (
            "CREATE TRIGGER app.once BEFORE DELETE ON app.entry FOR EACH ROW SET @gone = 1",
            "DROP TRIGGER app.once",
            "trigger app.once: only in the target",
        ),
    ],
)
def test_a_difference_is_named(pair: tuple[Client, Client], change: str, back: str, named: str) -> None:
    source, target = pair
    target.run(change)
    try:
        found = compare(source.host, target.host, ACCESS)
    finally:
        target.run(back)
    assert any(named in difference for difference in found), found


@pytest.fixture(scope="module")
def platform(cloud: LocalCloud) -> PlatformOutputs:
    """A cell with a tunnel host and the runner's document."""
    site = TunnelSite.create(cloud, cast("Any", boto3.client))
    document = runner_document_name(CELL)
    site.ssm.create_document(Name=document, DocumentType="Session", Content=runner_document())
    return PlatformOutputs.model_validate(
        {**PLATFORM_OUTPUTS, "cell": CELL, "region": REGION, "tunnelHostId": site.target}
    )


def running_sessions() -> list[str]:
    described = boto3.client("ssm").describe_sessions(State="Active")["Sessions"]
    return [each["SessionId"] for each in described]


def plugins() -> list[psutil.Process]:
    """AWS's plugins that this process has started and that still run."""
    children = psutil.Process().children()
    return [each for each in children if each.name().startswith("session-manager")]


def test_through_the_tunnel_host_the_same_is_read_and_no_session_is_left(
    pair: tuple[Client, Client], platform: PlatformOutputs
) -> None:
    source, target = pair
    with ThroughTunnelHost(platform) as way:
        access = Access(login=LOGIN, reach=way)
        assert read_contents(source.host, access) == read_contents(source.host, ACCESS)
        assert compare(source.host, target.host, access) == []
        assert len(running_sessions()) == 2, "one for each database"
    assert running_sessions() == []


def test_a_session_that_has_ended_is_begun_anew(
    pair: tuple[Client, Client], platform: PlatformOutputs
) -> None:
    with ThroughTunnelHost(platform) as way:
        access = Access(login=LOGIN, reach=way)
        assert behind(pair[0].host, pair[1].host, access) == "there is no replica"
        for each in running_sessions():
            boto3.client("ssm").terminate_session(SessionId=each)
        wait_for(lambda: behind(pair[0].host, pair[1].host, access) == "there is no replica")


def test_a_session_that_carries_nothing_is_replaced_by_another_one(
    pair: tuple[Client, Client], platform: PlatformOutputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "GREETING_SECONDS", 1.0)
    with ThroughTunnelHost(platform) as way:
        access = Access(login=LOGIN, reach=way)
        require_readable(pair[0].host, access)
        (stuck,) = plugins()
        stuck.suspend()
        require_readable(pair[0].host, access)
        assert plugins() != [stuck]
    assert running_sessions() == []
    assert plugins() == []


def test_something_passes_while_a_query_takes_long(
    pair: tuple[Client, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen by the server: the other connection's questions while the reader's one takes its time."""
    monkeypatch.setattr(verification, "PING_SECONDS", 0.05)
    source, _ = pair

    def pings() -> int:
        ((_, number),) = source.run("SHOW GLOBAL STATUS LIKE 'Com_admin_commands'")
        return int(str(number))

    before = pings()
    with verification.pinged(source.host, ACCESS):
        wait_for(lambda: pings() > before + 2)


def test_a_cell_without_the_runners_document_is_a_failure_in_words(
    pair: tuple[Client, Client], platform: PlatformOutputs
) -> None:
    other = platform.model_copy(update={"cell": "us1"})
    with (
        ThroughTunnelHost(other) as way,
        pytest.raises(Failure, match="through the tunnel host") as failure,
    ):
        read_contents(pair[0].host, Access(login=LOGIN, reach=way))
    assert "us1-migration-runner" in failure.value.remedy
    assert running_sessions() == []


def test_no_password_and_no_hash_of_one_is_in_what_is_compared(pair: tuple[Client, Client]) -> None:
    source, _ = pair
    ((stored,),) = source.run("SELECT authentication_string FROM mysql.user WHERE user = 'reader'")
    shown = repr(read_contents(source.host, ACCESS))
    assert PASSWORD not in repr(LOGIN)
    assert str(stored) not in shown


def test_what_replicates_from_nowhere_is_no_replica(pair: tuple[Client, Client]) -> None:
    source, target = pair
    assert behind(source.host, target.host, ACCESS) == "there is no replica"


def test_a_login_that_does_not_work_is_a_failure_in_words(pair: tuple[Client, Client]) -> None:
    with pytest.raises(Failure, match="Could not read from") as failure:
        read_contents(pair[0].host, Access(login=Login(username="acmeadmin", password="Wrong-Horse-9")))
    assert "Wrong-Horse-9" not in str(failure.value)


def test_without_an_authority_nothing_is_compared(
    pair: tuple[Client, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TENANTNET_DATABASE_CA")
    with pytest.raises(Failure, match="certificate authority"):
        read_contents(pair[0].host, ACCESS)


def test_the_login_comes_from_the_tenants_secret(cloud: LocalCloud) -> None:
    secrets: Any = boto3.client("secretsmanager")
    assert read_login("acme", "eu-west-1") is None
    secrets.create_secret(
        Name=secret_name("acme"), SecretString=json.dumps({"username": "acmeadmin", "password": PASSWORD})
    )
    assert read_login("acme", "eu-west-1") == LOGIN


def test_a_secret_of_another_form_is_a_failure_that_does_not_show_it(cloud: LocalCloud) -> None:
    secrets: Any = boto3.client("secretsmanager")
    secrets.create_secret(Name=secret_name("globex"), SecretString=PASSWORD)
    with pytest.raises(Failure, match="the required form") as failure:
        read_login("globex", "eu-west-1")
    assert PASSWORD not in str(failure.value)


@pytest.mark.parametrize(
    ("source", "target", "found"),
    [
        ({}, {}, []),
        ({("view", "a", "b"): "1"}, {("view", "a", "b"): "1"}, []),
        ({("view", "a", "b"): "1"}, {}, ["view a.b: only in the source"]),
        (
            {("table", "a.b", "c", "rows"): "1"},
            {("table", "a", "b.c", "rows"): "1"},
            ["table a.`b.c`: rows: only in the target", "table `a.b`.c: rows: only in the source"],
        ),
        (
            {("procedure", "a", "b"): "1"},
            {("function", "a", "b"): "1"},
            ["function a.b: only in the target", "procedure a.b: only in the source"],
        ),
        (
            {("table", "a", "b", "rows"): "1", ("event", "a", "b"): "1"},
            {("table", "a", "b", "rows"): "2", ("user", "a", "%", "grants"): "1"},
            [
                "event a.b: only in the source",
                "table a.b: rows: 1 in the source, 2 in the target",
                "user a@%: grants: only in the target",
            ],
        ),
    ],
)
def test_differences_are_sentences_in_order(source: Any, target: Any, found: list[str]) -> None:
    assert differences(source, target) == found


def test_a_later_file_of_the_binary_log_is_later_wherever_in_it() -> None:
    assert Position("binlog.000002", 4) > Position("binlog.000001", 9000) > Position("binlog.000001", 4)
