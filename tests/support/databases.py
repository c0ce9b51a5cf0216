"""A MySQL instance for the tests: what RDS is asked for, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mypy_boto3_rds import RDSClient

from tests.support.network import Network

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
        return cls(rds=rds, identifier=identifier)

    def described(self) -> Any:
        return self.rds.describe_db_instances(DBInstanceIdentifier=self.identifier)["DBInstances"][0]

    def modify(self, **settings: Any) -> Any:
        return self.rds.modify_db_instance(DBInstanceIdentifier=self.identifier, **settings)["DBInstance"]

    def replica(self, **settings: Any) -> Database:
        """A replica of this one, named after it."""
        identifier = f"{self.identifier}-replica"
        self.rds.create_db_instance_read_replica(
            DBInstanceIdentifier=identifier, SourceDBInstanceIdentifier=self.identifier, **settings
        )
        return Database(rds=self.rds, identifier=identifier)


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
