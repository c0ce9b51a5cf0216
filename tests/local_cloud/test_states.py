"""The states that resources pass through, in a cloud that is slow enough to see each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from mypy_boto3_ec2 import EC2Client
from tenantnet.local_cloud.process import LocalCloud

from tests.support.aws import aws_client
from tests.support.databases import Database
from tests.support.network import Network, instance_in


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """Makes clients of a cloud where ten seconds of AWS's are one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENANTNET_LOCAL_PACE", "0.1")
        with LocalCloud(tmp_path_factory.mktemp("slow"), real_databases=False) as cloud:
            yield partial(aws_client, cloud)


def passed(describe: Callable[[], Any], state: Callable[[Any], str], last: str) -> list[Any]:
    """What is described until the last state, once for each state."""
    seen: list[Any] = []
    while not seen or state(seen[-1]) != last:
        described = describe()
        if not seen or state(described) != state(seen[-1]):
            seen.append(described)
        time.sleep(0.05)
    return seen


def test_an_instance_passes_through_states_and_leaves_its_network(session: Callable[[str], Any]) -> None:
    ec2: EC2Client = session("ec2")
    network = Network.create(ec2)
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=network.vpc_id)["GroupId"]
    instance = instance_in(ec2, network, group)

    def described() -> Any:
        return ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]

    def name(each: Any) -> str:
        return str(each["State"]["Name"])

    beginning = passed(described, name, "running")
    assert list(map(name, beginning)) == ["pending", "running"]
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
    assert [each.get("StateReason", {}).get("Code") for each in beginning] == ["pending", None]
    attachments = [each["NetworkInterfaces"][0]["Attachment"]["Status"] for each in beginning]
    assert attachments == ["attaching", "attached"]
    ec2.stop_instances(InstanceIds=[instance])
    assert list(map(name, passed(described, name, "stopped"))) == ["stopping", "stopped"]
    ec2.start_instances(InstanceIds=[instance])
    assert list(map(name, passed(described, name, "running"))) == ["pending", "running"]
    ec2.terminate_instances(InstanceIds=[instance])
    ending = passed(described, name, "terminated")
    assert list(map(name, ending)) == ["shutting-down", "terminated"]
    for each in ending:
        assert not {"PrivateIpAddress", "SourceDestCheck", "SubnetId", "VpcId"} & each.keys()


def test_a_deleted_database_is_described_as_deleting_and_keeps_its_name(
    session: Callable[[str], Any],
) -> None:
    rds = session("rds")
    wanted = {
        "DBInstanceIdentifier": "leaving",
        "DBInstanceClass": "db.t4g.small",
        "Engine": "mysql",
        "MasterUsername": "admin",
        "MasterUserPassword": "Correct-Horse-7",
        "AllocatedStorage": 20,
    }
    rds.create_db_instance(**wanted)
    Database(rds=rds, identifier="leaving").settled()
    rds.delete_db_instance(DBInstanceIdentifier="leaving", SkipFinalSnapshot=True)
    (described,) = rds.describe_db_instances(DBInstanceIdentifier="leaving")["DBInstances"]
    assert described["DBInstanceStatus"] == "deleting"
    with pytest.raises(rds.exceptions.DBInstanceAlreadyExistsFault):
        rds.create_db_instance(**wanted)
    rds.get_waiter("db_instance_deleted").wait(
        DBInstanceIdentifier="leaving", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    rds.create_db_instance(**wanted)
