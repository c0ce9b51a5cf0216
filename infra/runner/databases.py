"""A tenant's two databases and its endpoint in AWS, and what a move changes in them before an update.

Every change here is one that a later update declares too. It is made through AWS's own API first where the
provider would wait after it, or make it only after other things, while clients are held back; the update then
finds it done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import boto3
from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception, stop_after_delay
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.aws.sizes import DEFAULT_BACKUP_DAYS
from tenantnet.components.endpoint_record import TTL_SECONDS
from tenantnet.components.tenant_database import BUSY, read_only_value
from tenantnet.failure import Failure
from tenantnet.runner.clock import PAUSES
from tenantnet.tags import Slot, move_snapshot_name, network_name, seed_snapshot_name

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef
    from mypy_boto3_route53 import Route53Client

LAG_PERIOD_SECONDS = 60
LONGEST_BUSY = timedelta(minutes=30)
# At the time of day of the move, or some hours before it, when people have chosen to be disturbed.
NEXT_BACKUP, NEXT_MAINTENANCE, WINDOW = timedelta(hours=20), timedelta(days=3), timedelta(minutes=30)
# RDS's word for a parameter group of which something is not in force.
PENDING_REBOOT = "pending-reboot"
# RDS's words for an instance with which nothing goes on.
_AT_REST = frozenset({"available", "failed", "stopped", "storage-full", "storage-optimization"})
# For one that it does not bring back: what it had is in a backup, or in a copy.
_LOST = frozenset({"failed", "inaccessible-encryption-credentials"})
_T = TypeVar("_T")
# Of a tenant's move, by its number.
SnapshotName = Callable[[str, int], str]


class Windows(NamedTuple):
    """When RDS backs up each day and maintains each week, as RDS writes it."""

    backup: str
    maintenance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A database as RDS describes it.

    source: the ARN of the one it replicates, None for none. replicates: False if RDS says that it has
    stopped. read_only: the parameter; parameters_in_force: whether all are that need no reboot.
    """

    status: str
    address: str | None
    source: str | None
    replicates: bool
    read_only: bool
    parameters_in_force: bool
    deletion_protection: bool

    @property
    def at_rest(self) -> bool:
        """Whether RDS does nothing to it that would make it refuse a change."""
        return self.status in _AT_REST or self.status.startswith("incompatible-")


class Databases:
    """Asks and changes AWS. Every method raises Failure if AWS does not answer or allow the call.

    host_name: the endpoint's. backup_days: how long the stack declares that backups are kept.
    windows: those that it declares where no move is under way; None if RDS chooses them.
    """

    def __init__(
        self,
        tenant: str,
        region: str,
        zone_id: str,
        host_name: str,
        *,
        backup_days: int = DEFAULT_BACKUP_DAYS,
        windows: Windows | None = None,
    ) -> None:
        self._tenant, self._region = tenant, region
        self._backup_days, self._windows = backup_days, windows
        self._zone_id, self.host_name = zone_id, host_name
        self._change: str | None = None
        with aws_answers(f"reach AWS in {region}", region=region):
            self._rds: RDSClient = boto3.client("rds", region_name=region, config=PATIENCE)
            self._route53: Route53Client = boto3.client("route53", region_name=region, config=PATIENCE)
            self._cloudwatch: CloudWatchClient = boto3.client(
                "cloudwatch", region_name=region, config=PATIENCE
            )

    def instance(self, slot: Slot) -> Instance | None:
        """None if there is none."""
        with aws_answers(f"read the database {self._identifier(slot)}", region=self._region):
            found = describe_instance(self._rds, self._identifier(slot))
            return _instance(found, read_only=self._read_only(found)) if found else None

    def lost(self, slot: Slot) -> str | None:
        """What RDS says of a database that it has lost, in words; None while there is one."""
        found = self.instance(slot)
        if found is None:
            return "there is none"
        return f"it is {found.status}" if found.status in _LOST else None

    def address(self, slot: Slot) -> str:
        """Its name in DNS. Raises Failure if there is no database, or it has none yet."""
        found = self.instance(slot)
        if found is None or found.address is None:
            raise Failure(
                f"Could not find the database of {slot}.",
                reason="RDS has none, or it has no address",
                remedy=f"see `tenantnet status {self._tenant}`, then `tenantnet migrate run` goes on",
            )
        return found.address

    def _read_only(self, described: Any) -> bool:  # noqa: ANN401 - as RDS describes it
        pages = self._rds.get_paginator("describe_db_parameters").paginate(
            DBParameterGroupName=_parameter_group(described), Source="user"
        )
        values = {
            parameter.get("ParameterName"): parameter.get("ParameterValue")
            for page in pages
            for parameter in page["Parameters"]
        }
        return values.get("read_only") == "1"

    def set_read_only(self, slot: Slot, *, read_only: bool) -> None:
        """Hold back or allow writes of all clients; the parameter is dynamic, so this needs no reboot.

        Does nothing if it is set: RDS would be busy with the instance all the same.
        """
        with aws_answers(f"set read_only of {self._identifier(slot)}", region=self._region):
            found = self._rds.describe_db_instances(DBInstanceIdentifier=self._identifier(slot))
            if self._read_only(found["DBInstances"][0]) is read_only:
                return
        self.set_parameter(slot, "read_only", read_only_value(read_only=read_only))

    def set_parameter(self, slot: Slot, name: str, value: str) -> None:
        """Set a dynamic parameter of a copy's group, before the stack declares another one."""
        identifier = self._identifier(slot)
        with aws_answers(f"set {name} of {identifier}", region=self._region):
            found = self._rds.describe_db_instances(DBInstanceIdentifier=identifier)
            self._rds.modify_db_parameter_group(
                DBParameterGroupName=_parameter_group(found["DBInstances"][0]),
                Parameters=[{"ParameterName": name, "ParameterValue": value, "ApplyMethod": "immediate"}],
            )

    @contextmanager
    def with_parameter(self, slot: Slot, name: str, value: str, declared: str | None) -> Iterator[None]:
        """Set a dynamic parameter for the block.

        declared: what it is afterwards, whatever a killed run has left; None for its default.
        """
        self.set_parameter(slot, name, value)
        try:
            yield
        finally:
            if declared is None:
                self._reset_parameter(slot, name)
            else:
                self.set_parameter(slot, name, declared)

    def _reset_parameter(self, slot: Slot, name: str) -> None:
        identifier = self._identifier(slot)
        with aws_answers(f"reset {name} of {identifier}", region=self._region):
            found = self._rds.describe_db_instances(DBInstanceIdentifier=identifier)
            self._rds.reset_db_parameter_group(
                DBParameterGroupName=_parameter_group(found["DBInstances"][0]),
                Parameters=[{"ParameterName": name, "ApplyMethod": "immediate"}],
            )

    def engine_version(self, slot: Slot) -> str:
        """As RDS calls it. Raises Failure if there is no database."""
        identifier = self._identifier(slot)
        with aws_answers(f"read the database {identifier}", region=self._region):
            found = self._rds.describe_db_instances(DBInstanceIdentifier=identifier)
        return found["DBInstances"][0]["EngineVersion"]

    def make_way(self, slot: Slot) -> None:
        """Keep backups and maintenance out of the next hours; does nothing if there is no database.

        A replica is protected by this, too: RDS creates it without.
        """
        if self.instance(slot) is None:
            return
        backup, maintenance = (datetime.now(UTC) + each for each in (NEXT_BACKUP, NEXT_MAINTENANCE))
        with aws_answers(f"move the windows of {self._identifier(slot)}", region=self._region):
            when_at_rest(
                lambda: self._rds.modify_db_instance(
                    DBInstanceIdentifier=self._identifier(slot),
                    PreferredBackupWindow=f"{backup:%H:%M}-{backup + WINDOW:%H:%M}",
                    PreferredMaintenanceWindow=f"{maintenance:%a:%H:%M}-{maintenance + WINDOW:%a:%H:%M}",
                    DeletionProtection=True,
                )
            )

    def give_windows_back(self, slot: Slot) -> None:
        """Set the windows that the stack declares where no move is under way."""
        if (windows := self._windows) is None:
            return
        with aws_answers(f"move the windows of {self._identifier(slot)}", region=self._region):
            when_at_rest(
                lambda: self._rds.modify_db_instance(
                    DBInstanceIdentifier=self._identifier(slot),
                    PreferredBackupWindow=windows.backup,
                    PreferredMaintenanceWindow=windows.maintenance,
                )
            )

    def promote(self, slot: Slot) -> None:
        """Begin the promotion of a replica; does nothing if it is promoted already."""

        def promote() -> None:
            found = self.instance(slot)
            if found and found.source:
                # Without a retention it would be one day, and the next update would change it.
                self._rds.promote_read_replica(
                    DBInstanceIdentifier=self._identifier(slot), BackupRetentionPeriod=self._backup_days
                )

        with aws_answers(f"promote {self._identifier(slot)}", region=self._region):
            when_at_rest(promote)

    def lag(self, slot: Slot, since: datetime) -> float | None:
        """The most seconds that a replica was behind, in the newest minute of those that began after `since`.

        None until CloudWatch has such a minute, of the last day: RDS's own API does not report the lag.
        """
        # CloudWatch knows whole seconds: of the one that has begun, a part lies before.
        since = since.replace(microsecond=0) + timedelta(seconds=1)
        if datetime.now(UTC) < since:
            return None
        with aws_answers(f"read the lag of {self._identifier(slot)}", region=self._region):
            until = datetime.now(UTC) + timedelta(seconds=LAG_PERIOD_SECONDS)
            points = self._cloudwatch.get_metric_statistics(
                Namespace="AWS/RDS",
                MetricName="ReplicaLag",
                Dimensions=[{"Name": "DBInstanceIdentifier", "Value": self._identifier(slot)}],
                # CloudWatch refuses to answer with more than 1,440 minutes at once.
                StartTime=max(since, until - timedelta(days=1)),
                EndTime=until,
                Period=LAG_PERIOD_SECONDS,
                Statistics=["Maximum"],
            )["Datapoints"]
        after = [point for point in points if point["Timestamp"] >= since]
        return max(after, key=lambda point: point["Timestamp"])["Maximum"] if after else None

    def snapshot_status(self, move: int, named: SnapshotName = move_snapshot_name) -> str | None:
        """RDS's word for the snapshot of the move; None if there is none."""
        name = named(self._tenant, move)
        with aws_answers(f"read the snapshot {name}", region=self._region):
            found = self._rds.describe_db_snapshots(Filters=[{"Name": "db-snapshot-id", "Values": [name]}])
        return found["DBSnapshots"][0]["Status"] if found["DBSnapshots"] else None

    def take_snapshot(self, slot: Slot, move: int, named: SnapshotName = move_snapshot_name) -> None:
        """Begin the snapshot of the move; does nothing if there is one."""
        name = named(self._tenant, move)
        if self.snapshot_status(move, named) is None:
            with aws_answers(f"take the snapshot {name}", region=self._region):
                when_at_rest(
                    lambda: self._rds.create_db_snapshot(
                        DBSnapshotIdentifier=name, DBInstanceIdentifier=self._identifier(slot)
                    )
                )

    def delete_snapshots(self, move: int) -> None:
        """Delete what the move has taken; does nothing if there is none."""
        for named in (move_snapshot_name, seed_snapshot_name):
            name = named(self._tenant, move)
            if self.snapshot_status(move, named) is not None:
                with aws_answers(f"delete the snapshot {name}", region=self._region):
                    self._rds.delete_db_snapshot(DBSnapshotIdentifier=name)

    def endpoint_address(self) -> str | None:
        """The name that the endpoint's record leads to; None if there is no such record."""
        with aws_answers(f"read the record {self.host_name}", region=self._region):
            records = self._route53.list_resource_record_sets(
                HostedZoneId=self._zone_id,
                StartRecordName=self.host_name,
                StartRecordType="CNAME",
                MaxItems="1",
            )["ResourceRecordSets"]
        for record in records:
            if record["Name"].rstrip(".") == self.host_name and record["Type"] == "CNAME":
                return record["ResourceRecords"][0]["Value"].rstrip(".")
        return None

    def lead_endpoint_to(self, address: str) -> None:
        """Point the endpoint to another name."""
        record: Any = {
            "Name": self.host_name,
            "Type": "CNAME",
            "TTL": TTL_SECONDS,
            "ResourceRecords": [{"Value": address}],
        }
        with aws_answers(f"change the record {self.host_name}", region=self._region):
            change = self._route53.change_resource_record_sets(
                HostedZoneId=self._zone_id,
                ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]},
            )
        self._change = change["ChangeInfo"]["Id"]

    def name_servers(self) -> list[str]:
        """The host names of the zone's own name servers; none for a private zone."""
        with aws_answers(f"read the zone of {self.host_name}", region=self._region):
            found = self._route53.get_hosted_zone(Id=self._zone_id)
        return list(found.get("DelegationSet", {}).get("NameServers", []))

    def endpoint_has_spread(self) -> bool:
        """Whether every name server of the zone answers with what `lead_endpoint_to` set last."""
        if self._change is None:
            return True
        with aws_answers(f"read the change of {self.host_name}", region=self._region):
            return self._route53.get_change(Id=self._change)["ChangeInfo"]["Status"] == "INSYNC"

    def _identifier(self, slot: Slot) -> str:
        return network_name(self._tenant, slot)


def when_at_rest(call: Callable[[], _T]) -> _T:
    """Call RDS, and again as long as it does something else to the instance. Raises the client's error."""
    retry = retry_if_exception(
        lambda error: isinstance(error, ClientError) and error.response["Error"]["Code"] == BUSY.code
    )
    return Retrying(retry=retry, stop=stop_after_delay(LONGEST_BUSY), wait=PAUSES, reraise=True)(call)


def describe_instance(rds: RDSClient, identifier: str) -> DBInstanceTypeDef | None:
    """An instance as RDS describes it; None if there is none. Raises the client's error."""
    # As a filter an identifier that does not exist is no error.
    found = rds.describe_db_instances(Filters=[{"Name": "db-instance-id", "Values": [identifier]}])
    return found["DBInstances"][0] if found["DBInstances"] else None


def _parameter_group(described: Any) -> str:  # noqa: ANN401 - as RDS describes an instance
    (group,) = described["DBParameterGroups"]
    return str(group["DBParameterGroupName"])


def _instance(described: Any, *, read_only: bool) -> Instance:  # noqa: ANN401 - as RDS describes it
    infos = described.get("StatusInfos") or []
    status = described["DBInstanceStatus"]
    # One that waits for a reboot may wait for ever. The group does not say then that another is being
    # applied; the instance does.
    in_force = {"in-sync"} if status == "modifying" else {"in-sync", PENDING_REBOOT}
    return Instance(
        status=status,
        address=described.get("Endpoint", {}).get("Address"),
        source=described.get("ReadReplicaSourceDBInstanceIdentifier"),
        replicates=all(info.get("Normal", True) for info in infos),
        read_only=read_only,
        parameters_in_force=all(
            group["ParameterApplyStatus"] in in_force for group in described["DBParameterGroups"]
        ),
        deletion_protection=described["DeletionProtection"],
    )
