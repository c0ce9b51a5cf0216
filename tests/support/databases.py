"""A MySQL instance for the tests: what RDS is asked for, and how."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from mypy_boto3_rds import RDSClient

from tests.support.network import Network

PAUSE_SECONDS, PATIENCE_SECONDS = 0.1, 60.0
# Longer than RDS takes to begin (5 s) in the slowest local cloud of the tests, whose pace is 0.1.
REST_SECONDS = 0.6
PASSWORD = "Correct-Horse-7"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One instance, by its identifier."""

    rds: RDSClient
    identifier: str

    @classmethod
    def create(cls, rds: RDSClient, identifier: str, network: Network, **settings: Any) -> Database:
        """An instance in the network's two subnets; settings as CreateDBInstance has them."""
        rds.create_db_subnet_group(
            DBSubnetGroupName=identifier, DBSubnetGroupDescription="two zones", SubnetIds=network.subnet_ids
        )
        rds.create_db_instance(**wanted(identifier, **settings))
        return cls(rds=rds, identifier=identifier).settled()

    def settled(self, status: str = "available") -> Database:
        """Wait until it stays at rest, since RDS begins some time after it has answered."""
        since = time.monotonic()
        end = since + PATIENCE_SECONDS
        while time.monotonic() - since < REST_SECONDS:
            time.sleep(PAUSE_SECONDS)
            described = self.described()
            if described["DBInstanceStatus"] != status:
                since = time.monotonic()
                assert since < end, described
        return self

    def described(self) -> Any:
        return self.rds.describe_db_instances(DBInstanceIdentifier=self.identifier)["DBInstances"][0]

    def modify(self, **settings: Any) -> Any:
        return self.rds.modify_db_instance(DBInstanceIdentifier=self.identifier, **settings)["DBInstance"]

    def change(self, **settings: Any) -> Any:
        """Modify it at once and wait for it: what it is then."""
        self.modify(ApplyImmediately=True, **settings)
        return self.settled().described()

    def rename(self, name: str) -> Database:
        """Rename it and wait until it is found by its new name."""
        self.modify(NewDBInstanceIdentifier=name, ApplyImmediately=True)
        end = time.monotonic() + PATIENCE_SECONDS
        while name not in [
            each["DBInstanceIdentifier"] for each in self.rds.describe_db_instances()["DBInstances"]
        ]:
            assert time.monotonic() < end
            time.sleep(PAUSE_SECONDS)
        return Database(rds=self.rds, identifier=name).settled()

    def delete(self) -> None:
        """Delete it and wait until it is gone."""
        self.rds.delete_db_instance(DBInstanceIdentifier=self.identifier, SkipFinalSnapshot=True)
        self.rds.get_waiter("db_instance_deleted").wait(
            DBInstanceIdentifier=self.identifier, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )

    def replica(self, **settings: Any) -> Database:
        """A replica of this one, named after it."""
        identifier = f"{self.identifier}-replica"
        self.rds.create_db_instance_read_replica(
            DBInstanceIdentifier=identifier, SourceDBInstanceIdentifier=self.identifier, **settings
        )
        return Database(rds=self.rds, identifier=identifier).settled()


def wanted(identifier: str, **settings: Any) -> dict[str, Any]:
    """A request that RDS grants, but for what `settings` change in it."""
    return {
        "DBInstanceIdentifier": identifier,
        "Engine": "mysql",
        "EngineVersion": "8.4",
        "DBInstanceClass": "db.t4g.small",
        "AllocatedStorage": 100,
        "StorageType": "gp3",
        "MasterUsername": "acmeadmin",
        "MasterUserPassword": PASSWORD,
        "DBSubnetGroupName": identifier,
        "BackupRetentionPeriod": 14,
        **settings,
    }
