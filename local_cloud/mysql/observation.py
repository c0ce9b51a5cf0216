"""How a replica follows its source, where RDS and CloudWatch show it.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from tenantnet.local_cloud.mysql.replication import ReplicationState
from tenantnet.local_cloud.rds.instance import DatabaseInstance

# What RDS reports where replication does not run.
UNKNOWN_LAG = -1


def report_replication(instance: DatabaseInstance, state: ReplicationState) -> None:
    """Keep the instance's StatusInfos and its metric ReplicaLag, which RDS has every minute, up to date."""
    info: dict[str, Any] = {
        "StatusType": "read replication",
        "Normal": state.running,
        "Status": "replicating" if state.running else "error" if state.error else "stopped",
    }
    if state.error:
        info["Message"] = state.error
    instance.status_infos = [info]
    cloudwatch_backends[instance.account_id][instance.region].put_metric_data(
        "AWS/RDS",
        [
            {
                "MetricName": "ReplicaLag",
                "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": instance.db_instance_identifier}],
                "Timestamp": datetime.now(UTC).replace(tzinfo=None),
                "Value": UNKNOWN_LAG if state.lag is None else state.lag,
                "Unit": "Seconds",
            }
        ],
    )
