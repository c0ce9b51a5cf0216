"""Behind each instance a real MySQL server does what RDS's would: asked by real clients, over TLS."""

from __future__ import annotations

import os
import signal
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pymysql
import pytest
from mypy_boto3_cloudwatch import CloudWatchClient
from mypy_boto3_ec2 import EC2Client
from mypy_boto3_rds import RDSClient
from pymysql.constants import ER
from tenantnet.failure import Failure
from tenantnet.local_cloud.mysql.dialects import MARIADB
from tenantnet.local_cloud.mysql.installation import Installation, find
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.journal import Entry, What
from tenantnet.phases.phases import Phase, State
from tenantnet.phases.transitions import Condition
from tenantnet.runner import guards as limits
from tenantnet.runner import inspector
from tenantnet.runner.databases import Databases
from tenantnet.runner.guards import Guards
from tenantnet.runner.inspector import WithLogin, WithoutLogin
from tenantnet.runner.verification import Access, Login
from tenantnet.tags import Slot, Strategy

from tests.support.aws import aws_client, lead_here
from tests.support.databases import PASSWORD, Database, wanted
from tests.support.generations import cloud
from tests.support.mysql_client import Client, home_of, servers_of, wait_for
from tests.support.network import Network

__all__ = ["cloud"]
INSTALLED = find()
pytestmark = pytest.mark.skipif(isinstance(INSTALLED, str), reason=f"NO REAL DATABASE IS TESTED: {INSTALLED}")
# MariaDB has no number of its own for it.
INSECURE_TRANSPORT = (
    ER.ACCESS_DENIED_ERROR if isinstance(INSTALLED, Installation) and INSTALLED.dialect is MARIADB else 3159
)
READ_ONLY = ER.OPTION_PREVENTS_STATEMENT
ROWS = ("CREATE DATABASE app", "CREATE TABLE app.entry (id INT PRIMARY KEY)", "INSERT app.entry VALUES (1)")
COUNT = "SELECT COUNT(*) FROM app.entry"


@pytest.fixture(scope="module")
def rds(cloud: LocalCloud) -> RDSClient:
    return aws_client(cloud, "rds")  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def ec2(cloud: LocalCloud) -> EC2Client:
    return aws_client(cloud, "ec2")  # type: ignore[no-any-return]


Make = Callable[..., Database]


@pytest.fixture
def make(rds: RDSClient, network: Network, name: str) -> Iterator[Make]:
    """Makes instances with a parameter group of their own, waits for them, and deletes them at the end."""

    def make(identifier: str = name, **settings: Any) -> Database:
        rds.create_db_parameter_group(
            DBParameterGroupName=identifier, DBParameterGroupFamily="mysql8.4", Description="its own"
        )
        return Database.create(rds, identifier, network, **{"DBParameterGroupName": identifier, **settings})

    yield make
    for instance in rds.describe_db_instances()["DBInstances"]:
        left = Database(rds=rds, identifier=instance["DBInstanceIdentifier"])
        if left.identifier.startswith(name) and instance["DBInstanceStatus"] != "deleting":
            wait_for(partial(_is_deleted, left))


@pytest.fixture
def database(make: Make) -> Database:
    return make()


@pytest.fixture
def client(cloud: LocalCloud, rds: RDSClient, database: Database) -> Client:
    return Client.of(cloud, rds, database.identifier)


def _is_deleted(database: Database) -> bool:
    """Whether RDS took the deletion: it refuses one while it is at work, at whatever time that begins."""
    try:
        database.rds.delete_db_instance(DBInstanceIdentifier=database.identifier, SkipFinalSnapshot=True)
    except database.rds.exceptions.InvalidDBInstanceStateFault:
        return False
    return True


def set_parameter(rds: RDSClient, group: str, name: str, value: str) -> None:
    rds.modify_db_parameter_group(
        DBParameterGroupName=group,
        Parameters=[{"ParameterName": name, "ParameterValue": value, "ApplyMethod": "immediate"}],
    )


def apply_status(database: Database) -> str:
    return str(database.described()["DBParameterGroups"][0]["ParameterApplyStatus"])


def test_creation_answers_at_once_and_the_instance_is_available_when_mysql_answers(
    cloud: LocalCloud, rds: RDSClient, network: Network, name: str
) -> None:
    rds.create_db_subnet_group(
        DBSubnetGroupName=name, DBSubnetGroupDescription="two zones", SubnetIds=network.subnet_ids
    )
    assert rds.create_db_instance(**wanted(name))["DBInstance"]["DBInstanceStatus"] == "creating"
    Database(rds=rds, identifier=name).settled()
    assert Client.of(cloud, rds, name).run("SELECT 1") == [(1,)]
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


def test_a_client_that_verifies_the_endpoints_name_speaks_tls(client: Client) -> None:
    ((_, cipher),) = client.run("SHOW STATUS LIKE 'Ssl_cipher'")
    assert cipher


def test_the_certificate_is_for_the_endpoints_name_and_for_no_other(
    cloud: LocalCloud, rds: RDSClient, database: Database
) -> None:
    other = "globex.aaaaaaaaaa.eu-west-1.rds.amazonaws.com"
    wrong = Client.of(cloud, rds, database.identifier, expected=other)
    with pytest.raises(pymysql.MySQLError, match="Hostname mismatch"):
        wrong.run("SELECT 1")


def test_only_who_trusts_the_local_clouds_authority_believes_the_certificate(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = ssl.create_default_context()
    monkeypatch.setattr(ssl, "create_default_context", lambda **_: public)
    with pytest.raises(pymysql.MySQLError, match="certificate verify failed"):
        client.run("SELECT 1")


def test_a_schema_that_was_asked_for_is_there(cloud: LocalCloud, rds: RDSClient, make: Make) -> None:
    identifier = make(DBName="orders").identifier
    assert ("orders",) in Client.of(cloud, rds, identifier).run("SHOW DATABASES")


def test_plain_text_is_refused_where_the_parameter_group_says_so(
    cloud: LocalCloud, rds: RDSClient, database: Database
) -> None:
    plain = Client.of(cloud, rds, database.identifier, tls=False)
    assert plain.refused("SELECT 1") == 0
    set_parameter(rds, database.identifier, "require_secure_transport", "1")
    wait_for(lambda: plain.refused("SELECT 1") == INSECURE_TRANSPORT)
    assert Client.of(cloud, rds, database.identifier).refused("SELECT 1") == 0


def test_read_only_stops_the_master_user_and_lets_it_read(
    rds: RDSClient, database: Database, client: Client
) -> None:
    client.run(*ROWS)
    set_parameter(rds, database.identifier, "read_only", "1")
    database.settled()
    assert client.refused("INSERT app.entry VALUES (2)") == READ_ONLY
    assert client.run(COUNT) == [(1,)]
    assert client.refused("SET GLOBAL read_only = 0") == ER.SPECIFIC_ACCESS_DENIED_ERROR
    set_parameter(rds, database.identifier, "read_only", "0")
    wait_for(lambda: client.refused("INSERT app.entry VALUES (3)") == 0)


def test_a_parameter_is_in_sync_only_once_it_is_in_force(
    rds: RDSClient, database: Database, client: Client
) -> None:
    client.run(*ROWS)
    with client.connected() as busy:
        busy.execute("LOCK TABLES app.entry WRITE")
        set_parameter(rds, database.identifier, "read_only", "1")
        wait_for(lambda: apply_status(database) == "applying")
        busy.execute("INSERT app.entry VALUES (2)")
        busy.execute("UNLOCK TABLES")
    wait_for(lambda: apply_status(database) == "in-sync")
    assert client.refused("INSERT app.entry VALUES (3)") == READ_ONLY
    assert client.run(COUNT) == [(2,)]


def test_a_parameter_that_is_reset_has_its_default_again(
    rds: RDSClient, database: Database, client: Client
) -> None:
    (default,) = client.run("SELECT @@GLOBAL.max_connections")
    set_parameter(rds, database.identifier, "max_connections", "77")
    wait_for(lambda: client.run("SELECT @@GLOBAL.max_connections") == [(77,)])
    rds.reset_db_parameter_group(
        DBParameterGroupName=database.identifier,
        Parameters=[{"ParameterName": "max_connections", "ApplyMethod": "immediate"}],
    )
    wait_for(lambda: client.run("SELECT @@GLOBAL.max_connections") == [default])


def test_a_reboot_keeps_the_data_and_the_fence(rds: RDSClient, database: Database, client: Client) -> None:
    client.run(*ROWS)
    set_parameter(rds, database.identifier, "read_only", "1")
    database.settled()
    rds.reboot_db_instance(DBInstanceIdentifier=database.identifier)
    assert database.described()["DBInstanceStatus"] == "rebooting"
    database.settled()
    assert client.run(COUNT) == [(1,)]
    assert client.refused("INSERT app.entry VALUES (2)") == READ_ONLY


def test_a_changed_password_is_the_only_one(
    cloud: LocalCloud, rds: RDSClient, database: Database, client: Client
) -> None:
    database.modify(MasterUserPassword=f"{PASSWORD}-new")
    wait_for(lambda: database.described()["DBInstanceStatus"] == "resetting-master-credentials")
    database.settled()
    assert client.refused("SELECT 1") == ER.ACCESS_DENIED_ERROR
    login = Client.of(cloud, rds, database.identifier, password=f"{PASSWORD}-new")
    assert login.run("SELECT 1") == [(1,)]


def test_passwords_are_neither_in_the_process_list_nor_in_a_log(
    cloud: LocalCloud, rds: RDSClient, database: Database, client: Client
) -> None:
    database.modify(MasterUserPassword=f"{PASSWORD}-new")
    database.settled()
    home = home_of(cloud)
    logs = [*home.glob("server-*/mysqld.log"), cloud.state.log]
    commands = [Path(f"/proc/{pid}/cmdline") for pid in servers_of(home)]
    assert commands
    for file in (*logs, *commands):
        assert PASSWORD not in file.read_text(errors="replace"), file


def test_servers_do_not_run_as_root(cloud: LocalCloud, database: Database) -> None:
    pids = servers_of(home_of(cloud))
    assert pids
    assert all(Path(f"/proc/{pid}").stat().st_uid != 0 for pid in pids)


def test_a_replica_has_what_its_source_had_and_gets_what_it_gets(
    cloud: LocalCloud, rds: RDSClient, database: Database, client: Client
) -> None:
    client.run(*ROWS)
    copy = Client.of(cloud, rds, database.replica().identifier)
    assert copy.run(COUNT) == [(1,)]
    client.run("INSERT app.entry VALUES (2)")
    wait_for(lambda: copy.run(COUNT) == [(2,)])
    assert copy.refused("INSERT app.entry VALUES (3)") == READ_ONLY


def test_a_replica_shows_how_it_follows(cloud: LocalCloud, rds: RDSClient, database: Database) -> None:
    cloudwatch: CloudWatchClient = aws_client(cloud, "cloudwatch")
    replica = database.replica()
    wait_for(lambda: replica.described().get("StatusInfos"))
    (info,) = replica.described()["StatusInfos"]
    assert (info["Status"], info["Normal"]) == ("replicating", True)

    def lag() -> float:
        now = datetime.now(UTC)
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/RDS",
            MetricName="ReplicaLag",
            Dimensions=[{"Name": "DBInstanceIdentifier", "Value": replica.identifier}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=5),
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        return max(point["Maximum"] for point in points)

    # It is -1 until the replica has reached its source.
    wait_for(lambda: lag() == 0)


def test_a_promoted_replica_is_writable_and_follows_nobody(
    cloud: LocalCloud, rds: RDSClient, database: Database, client: Client
) -> None:
    client.run(*ROWS)
    replica = database.replica()
    rds.promote_read_replica(DBInstanceIdentifier=replica.identifier)
    wait_for(lambda: replica.described()["DBInstanceStatus"] == "modifying")
    replica.settled()
    copy = Client.of(cloud, rds, replica.identifier)
    copy.run("INSERT app.entry VALUES (20)")
    client.run("INSERT app.entry VALUES (2)", "INSERT app.entry VALUES (3)")
    assert copy.run("SELECT id FROM app.entry") == [(1,), (20,)]
    assert client.run(COUNT) == [(3,)]
    assert not replica.described().get("StatusInfos")


def test_a_replica_whose_group_says_read_only_stays_so_when_it_is_promoted(
    cloud: LocalCloud, rds: RDSClient, database: Database, client: Client
) -> None:
    client.run(*ROWS)
    replica = database.replica()
    set_parameter(rds, database.identifier, "read_only", "1")
    replica.settled()
    rds.promote_read_replica(DBInstanceIdentifier=replica.identifier)
    replica.settled()
    copy = Client.of(cloud, rds, replica.identifier)
    assert copy.refused("INSERT app.entry VALUES (2)") == READ_ONLY


def test_the_replicas_of_a_deleted_source_are_writable(
    cloud: LocalCloud, rds: RDSClient, database: Database, client: Client
) -> None:
    client.run(*ROWS)
    replica = database.replica()
    rds.delete_db_instance(DBInstanceIdentifier=database.identifier, SkipFinalSnapshot=True)
    replica.settled()
    Client.of(cloud, rds, replica.identifier).run("INSERT app.entry VALUES (2)")


def test_a_promoted_replica_can_have_a_replica(
    cloud: LocalCloud, rds: RDSClient, database: Database, client: Client
) -> None:
    client.run(*ROWS)
    green = database.replica()
    rds.promote_read_replica(DBInstanceIdentifier=green.identifier, BackupRetentionPeriod=7)
    green.settled()
    back = green.replica()
    Client.of(cloud, rds, green.identifier).run("INSERT app.entry VALUES (2)")
    wait_for(lambda: Client.of(cloud, rds, back.identifier).run(COUNT) == [(2,)])


def restored(rds: RDSClient, identifier: str, snapshot: str) -> Database:
    rds.get_waiter("db_snapshot_available").wait(DBSnapshotIdentifier=snapshot, WaiterConfig={"Delay": 1})
    rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier=identifier, DBSnapshotIdentifier=snapshot)
    return Database(rds=rds, identifier=identifier).settled()


def test_a_snapshot_holds_the_data_of_its_instant(
    cloud: LocalCloud, rds: RDSClient, name: str, database: Database, client: Client
) -> None:
    client.run(*ROWS)
    rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=database.identifier)
    rds.get_waiter("db_snapshot_available").wait(DBSnapshotIdentifier=name, WaiterConfig={"Delay": 1})
    client.run("INSERT app.entry VALUES (2)")
    copy = Client.of(cloud, rds, restored(rds, f"{name}-restored", name).identifier)
    assert copy.run(COUNT) == [(1,)]
    copy.run("INSERT app.entry VALUES (7)")
    assert client.run("SELECT id FROM app.entry") == [(1,), (2,)]


def test_a_snapshot_under_way_disturbs_no_client_and_loses_no_write(
    cloud: LocalCloud, rds: RDSClient, name: str, database: Database, client: Client
) -> None:
    client.run(*ROWS)
    acknowledged, enough = [1], Event()

    def write() -> None:
        with client.connected() as cursor:
            while not enough.is_set():
                cursor.execute("INSERT app.entry VALUES (%s)", (acknowledged[-1] + 1,))
                acknowledged.append(acknowledged[-1] + 1)

    # One that fails must not keep the run waiting for a writer that nobody stops.
    writer = Thread(target=write, daemon=True)
    writer.start()
    wait_for(lambda: len(acknowledged) > 100)
    before = acknowledged[-1]
    rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=database.identifier)
    rds.get_waiter("db_snapshot_available").wait(DBSnapshotIdentifier=name, WaiterConfig={"Delay": 1})
    wait_for(lambda: acknowledged[-1] > before + 100)
    enough.set()
    writer.join()
    copy = Client.of(cloud, rds, restored(rds, f"{name}-restored", name).identifier)
    ((count, last),) = copy.run("SELECT COUNT(*), MAX(id) FROM app.entry")
    assert before <= last <= acknowledged[-1]
    assert count == last, "no hole"


def test_a_final_snapshot_holds_all_that_was_written(
    cloud: LocalCloud, rds: RDSClient, name: str, database: Database, client: Client
) -> None:
    client.run(*ROWS)
    rds.delete_db_instance(DBInstanceIdentifier=database.identifier, FinalDBSnapshotIdentifier=f"{name}-last")
    copy = Client.of(cloud, rds, restored(rds, f"{name}-restored", f"{name}-last").identifier)
    assert copy.run(COUNT) == [(1,)]


def test_a_restore_to_a_point_in_time_has_the_newest_data(
    cloud: LocalCloud, rds: RDSClient, name: str, database: Database, client: Client
) -> None:
    client.run(*ROWS)
    rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier=database.identifier,
        TargetDBInstanceIdentifier=f"{name}-restored",
        UseLatestRestorableTime=True,
    )
    Database(rds=rds, identifier=f"{name}-restored").settled()
    assert Client.of(cloud, rds, f"{name}-restored").run(COUNT) == [(1,)]


def test_a_renamed_instance_answers_under_its_new_name(
    cloud: LocalCloud, rds: RDSClient, name: str, database: Database, client: Client
) -> None:
    client.run(*ROWS)
    database.rename(f"{name}-new")
    assert Client.of(cloud, rds, f"{name}-new").run(COUNT) == [(1,)]


def test_a_stopped_instance_does_not_answer_and_a_started_one_has_its_data(
    rds: RDSClient, database: Database, client: Client
) -> None:
    client.run(*ROWS)
    rds.stop_db_instance(DBInstanceIdentifier=database.identifier)
    wait_for(lambda: database.described()["DBInstanceStatus"] == "stopped")
    with pytest.raises(ConnectionRefusedError):
        client.run(COUNT)
    rds.start_db_instance(DBInstanceIdentifier=database.identifier)
    database.settled()
    assert client.run(COUNT) == [(1,)]


def test_deletion_leaves_neither_process_nor_data(cloud: LocalCloud, rds: RDSClient, make: Make) -> None:
    home = home_of(cloud)
    before = servers_of(home), set(home.glob("server-*"))
    identifier = make().identifier
    assert servers_of(home_of(cloud)) > before[0]
    rds.delete_db_instance(DBInstanceIdentifier=identifier, SkipFinalSnapshot=True)
    wait_for(lambda: (servers_of(home), set(home.glob("server-*"))) <= before)


def test_a_server_that_ends_by_itself_makes_its_instance_failed(cloud: LocalCloud, make: Make) -> None:
    before = servers_of(home_of(cloud))
    database = make()
    (pid,) = servers_of(home_of(cloud)) - before
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: database.described()["DBInstanceStatus"] == "failed")
    assert f"{database.identifier}: its database server has ended" in cloud.state.log.read_text()


def databases_of(name: str) -> Databases:
    """A tenant's databases."""
    return Databases(name, "eu-west-1", "Z0", f"{name}.db.example.com")


def with_login(databases: Databases) -> Guards:
    """The guards of their moves that may ask the servers."""
    access = Access(login=Login(username="acmeadmin", password=PASSWORD))
    return Guards(databases, lambda _: [], WithLogin(databases, access))


def test_the_fence_is_asked_of_the_server_whatever_rds_says(
    cloud: LocalCloud, make: Make, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = set(home_of(cloud).glob("server-*"))
    make(f"{name}-blue")
    (folder,) = set(home_of(cloud).glob("server-*")) - present
    lead_here(monkeypatch, cloud)
    databases = databases_of(name)
    guards = with_login(databases)
    fenced = State(phase=Phase.FENCED, production=Slot.BLUE, strategy=Strategy.REPLICA, move=1)
    databases.set_read_only(Slot.BLUE, read_only=True)
    wait_for(lambda: guards.look(Condition.SOURCE_READ_ONLY, fenced).holds)
    monkeypatch.chdir(folder / "data")
    with pymysql.connect(unix_socket="mysqld.sock", user="rdsadmin") as administrator:
        administrator.query("SET GLOBAL read_only = 0")
        seen = guards.look(Condition.SOURCE_READ_ONLY, fenced)
        assert (seen.holds, seen.seen) == (False, "the server itself says that it is not read-only")
        assert guards.look(Condition.SOURCE_WRITABLE, fenced).seen == "read_only is 1, in force"
        administrator.query("SET GLOBAL read_only = 1")
    assert guards.look(Condition.SOURCE_READ_ONLY, fenced).holds


def test_events_of_a_replica_are_disabled_and_resumed_with_their_definers_after_the_promotion(
    cloud: LocalCloud, rds: RDSClient, make: Make, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make(f"{name}-blue")
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier=f"{name}-green", SourceDBInstanceIdentifier=source.identifier
    )
    green = Database(rds=rds, identifier=f"{name}-green").settled()
    Client.of(cloud, rds, source.identifier).run(
        *ROWS,
        "CREATE USER 'somebody'@'%' IDENTIFIED BY 'Correct-Horse-8'",
        "CREATE DEFINER = 'somebody'@'%' EVENT app.runs ON SCHEDULE EVERY 1 DAY DO SELECT 1",
        "CREATE EVENT app.rests ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1",
    )
    rds.promote_read_replica(DBInstanceIdentifier=green.identifier)
    green.settled()
    lead_here(monkeypatch, cloud)
    databases = databases_of(name)
    listed = "SELECT event_name, status = 'ENABLED', definer FROM information_schema.events ORDER BY 1"
    copy = Client.of(cloud, rds, green.identifier)
    ((*_,), (runs, enabled, definer)) = copy.run(listed)
    assert (runs, enabled, definer) == ("runs", 0, "somebody@%")
    inspector = WithLogin(databases, Access(login=Login(username="acmeadmin", password=PASSWORD)))
    assert inspector.resume_events(Slot.BLUE, Slot.GREEN) == "events enabled as in the source: 1"
    assert [row[1] for row in copy.run(listed)] == [0, 1]
    assert copy.run(listed)[1][2] == "somebody@%"
    wrong = WithLogin(databases, Access(login=Login(username="acmeadmin", password="wrong")))
    assert "ALTER EVENT" in wrong.resume_events(Slot.BLUE, Slot.GREEN)
    assert "ALTER EVENT" in WithoutLogin(databases).resume_events(Slot.BLUE, Slot.GREEN)


def test_no_fence_is_begun_that_would_wait_for_a_client(
    cloud: LocalCloud, make: Make, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """cybozu-go/moco #787: LOCK TABLES of one client hangs the fence, and with it every writer."""
    client = Client.of(cloud, make(f"{name}-blue").rds, f"{name}-blue")
    client.run(*ROWS)
    lead_here(monkeypatch, cloud)
    monkeypatch.setattr(inspector, "LONG_SECONDS", 1)
    guards = with_login(databases_of(name))
    steady = State(phase=Phase.STEADY, production=Slot.BLUE)
    wait_for(lambda: guards.look(Condition.AT_REST, steady).holds)
    with client.connected() as holder:
        holder.execute("LOCK TABLES app.entry WRITE")
        seen = guards.look(Condition.AT_REST, steady)
        assert (seen.holds, seen.seen) == (False, "app.entry is locked")
        # The stack has that phase before the fence is begun.
        fenced = State(phase=Phase.FENCED, production=Slot.BLUE, strategy=Strategy.REPLICA, move=1)
        assert guards.look(Condition.AT_REST, fenced) == seen
        assert guards.look(Condition.AT_REST, replace(steady, phase=Phase.ABORTING, move=1)).holds
    wait_for(lambda: guards.look(Condition.AT_REST, steady).holds)
    slow = Thread(target=client.run, args=("UPDATE app.entry SET id = id WHERE SLEEP(4) = 0",))
    slow.start()
    wait_for(lambda: "UPDATE of connection" in guards.look(Condition.AT_REST, steady).seen)
    slow.join()
    assert guards.look(Condition.AT_REST, steady).holds


def test_no_fence_is_begun_where_the_copy_would_lose_rows(
    cloud: LocalCloud, make: Make, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client.of(cloud, make(f"{name}-blue").rds, f"{name}-blue")
    client.run("CREATE DATABASE app", "CREATE TABLE app.fast (id INT) ENGINE=MEMORY")
    lead_here(monkeypatch, cloud)
    databases = Databases(name, "eu-west-1", "Z0", f"{name}.db.example.com")
    asked = WithLogin(databases, Access(login=Login(username="acmeadmin", password=PASSWORD)))
    asked.require_readable([Slot.BLUE])
    client.run("INSERT app.fast VALUES (1)")
    with pytest.raises(Failure, match=r"MEMORY have rows, which the copy loses: app\.fast"):
        asked.require_readable([Slot.BLUE])


def test_a_client_that_a_fence_waits_for_has_seconds_and_is_ended_where_that_is_wanted(
    cloud: LocalCloud, make: Make, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client.of(cloud, make(f"{name}-blue").rds, f"{name}-blue")
    client.run(*ROWS)
    lead_here(monkeypatch, cloud)
    databases = Databases(name, "eu-west-1", "Z0", f"{name}.db.example.com")
    asked = WithLogin(databases, Access(login=Login(username="acmeadmin", password=PASSWORD)))
    fenced = State(phase=Phase.FENCED, production=Slot.BLUE, strategy=Strategy.REPLICA, move=1)
    at = datetime.now(UTC) - limits.FENCE_HAS
    journal = [
        Entry(at=at, move=1, what=what, phase=Phase.FENCED, who="ada")
        for what in (What.WRITES_STOPPED, What.REACHED)
    ]
    ended: list[str | None] = []
    refuses = Guards(databases, lambda _: journal, asked)
    ends = Guards(
        databases, lambda _: journal, asked, end_holders=lambda _: ended.append(asked.end_holders(Slot.BLUE))
    )
    assert asked.end_holders(Slot.BLUE) is None
    monkeypatch.setattr(limits, "HOLDERS_HAVE", timedelta())
    with client.connected() as holder:
        holder.execute("LOCK TABLES app.entry WRITE")
        steady = State(phase=Phase.STEADY, production=Slot.BLUE)
        wait_for(lambda: ends.look(Condition.AT_REST, steady).holds)
    with client.connected() as holder:
        holder.execute("LOCK TABLES app.entry WRITE")
        databases.set_read_only(Slot.BLUE, read_only=True)
        with pytest.raises(Failure, match=r"still waits for a client: app\.entry is locked"):
            refuses.look(Condition.SOURCE_READ_ONLY, fenced)
        wait_for(lambda: ends.look(Condition.SOURCE_READ_ONLY, fenced).holds)
        with pytest.raises(pymysql.MySQLError):
            holder.execute("UNLOCK TABLES")
    assert len(ended) >= 2
    assert all("connections ended, since they held writes up: " in str(each) for each in ended)


def test_a_replica_that_is_behind_is_waited_for_before_the_fence(
    cloud: LocalCloud, rds: RDSClient, make: Make, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make(f"{name}-blue")
    client = Client.of(cloud, rds, source.identifier)
    client.run(*ROWS)
    present = set(home_of(cloud).glob("server-*"))
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier=f"{name}-green", SourceDBInstanceIdentifier=source.identifier
    )
    Database(rds=rds, identifier=f"{name}-green").settled()
    (folder,) = set(home_of(cloud).glob("server-*")) - present
    lead_here(monkeypatch, cloud)
    guards = with_login(databases_of(name))
    replicating = State(phase=Phase.REPLICATING, production=Slot.BLUE, strategy=Strategy.REPLICA, move=1)
    wait_for(lambda: guards.look(Condition.TARGET_REPLICATES, replicating).holds)
    monkeypatch.chdir(folder / "data")
    with pymysql.connect(unix_socket="mysqld.sock", user="rdsadmin") as administrator:
        # Its threads run, and RDS calls it normal.
        administrator.query("FLUSH TABLES WITH READ LOCK")
        client.run("INSERT INTO app.entry VALUES (9)")
        seen = guards.look(Condition.TARGET_REPLICATES, replicating)
        assert (seen.holds, "of binlog" in seen.seen) == (False, True), seen
    wait_for(lambda: guards.look(Condition.TARGET_REPLICATES, replicating).holds)


def test_what_clients_keep_open_to_the_former_production_is_ended(
    cloud: LocalCloud, rds: RDSClient, make: Make, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HikariCP #1802: a pool keeps what answers, reads what was, and gets error 1290 for each write."""
    source = make(f"{name}-blue")
    client = Client.of(cloud, rds, source.identifier)
    client.run("CREATE USER 'blind'@'%' IDENTIFIED BY 'Correct-Horse-8'")
    lead_here(monkeypatch, cloud)
    databases = databases_of(name)
    with client.connected() as kept, client.connected() as other:
        blind = WithLogin(databases, Access(login=Login(username="blind", password="Correct-Horse-8")))
        assert "may not (PROCESS)" in blind.end_clients(Slot.BLUE)
        assert kept.execute("SELECT 1") == 1
        inspector = WithLogin(databases, Access(login=Login(username="acmeadmin", password=PASSWORD)))
        assert inspector.end_clients(Slot.BLUE) == "connections to the former production ended: 2"
        for cursor in (kept, other):
            with pytest.raises(pymysql.MySQLError):
                cursor.execute("SELECT 1")
    client.run("SELECT 1")
    assert "connect again" in WithoutLogin(databases).end_clients(Slot.BLUE)


def test_of_a_dead_source_no_parameter_makes_an_abort_believe_that_it_takes_writes(
    cloud: LocalCloud, make: Make, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = servers_of(home_of(cloud))
    source = make(f"{name}-blue")
    lead_here(monkeypatch, cloud)
    databases = databases_of(name)
    guards = Guards(databases, lambda _: [], WithoutLogin(databases))
    aborting = State(phase=Phase.ABORTING, production=Slot.BLUE, move=1)
    assert guards.look(Condition.SOURCE_WRITABLE, aborting).holds
    (pid,) = servers_of(home_of(cloud)) - before
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: source.described()["DBInstanceStatus"] == "failed")
    seen = guards.look(Condition.SOURCE_WRITABLE, aborting)
    assert (seen.holds, seen.seen) == (False, "it is failed")


class TestTheEnd:
    """Of a cloud of its own: whichever way it ends, no process and no data are left."""

    @pytest.fixture
    def own(self, tmp_path: Path) -> Iterator[LocalCloud]:
        own = LocalCloud(tmp_path / "state")
        own.start(0)
        Database.create(aws_client(own, "rds"), "acme", Network.create(aws_client(own, "ec2")))
        yield own
        own.stop()

    def test_stopping_the_cloud_leaves_nothing(self, own: LocalCloud) -> None:
        home = home_of(own)
        assert servers_of(home)
        own.stop()
        assert not servers_of(home)
        assert not home.exists()

    def test_stopping_while_servers_start_leaves_nothing(self, own: LocalCloud) -> None:
        home, rds = home_of(own), aws_client(own, "rds")
        acme = Database(rds=rds, identifier="acme")
        rds.create_db_snapshot(DBSnapshotIdentifier="acme", DBInstanceIdentifier="acme")
        acme.settled().replica()
        rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier="other", DBSnapshotIdentifier="acme")
        own.stop()
        assert not servers_of(home)
        assert not home.exists()

    def test_a_killed_cloud_takes_its_servers_along(self, own: LocalCloud) -> None:
        home = home_of(own)
        assert servers_of(home)
        os.kill(own.running_server().pid, signal.SIGKILL)
        wait_for(lambda: own.server() is None and not servers_of(home))
        own.start(0)
        assert not home.exists()

    def test_a_reset_ends_the_servers_and_new_ones_can_be_made(self, own: LocalCloud) -> None:
        home = home_of(own)
        own.reset()
        wait_for(lambda: not servers_of(home))
        Database.create(aws_client(own, "rds"), "acme", Network.create(aws_client(own, "ec2")))
