"""Which of CloudWatch's alarms are raised."""

from __future__ import annotations

from collections.abc import Collection, Iterator

# Without a size, CloudWatch gives half of it.
LARGEST_PAGE = 100


def raised_alarms(regions: Collection[str]) -> set[str]:
    """The names of all metric alarms in state ALARM. Raises Failure.

    One call for each 100 of them, since CloudWatch answers few calls a second:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    """
    return {name for region in regions for name in _raised_in(region)}


def _raised_in(region: str) -> Iterator[str]:
    # Only here: a fleet's run that asks for no alarms waits for no boto3.
    import boto3  # noqa: PLC0415
    from tenantnet.aws.answers import PATIENCE, aws_answers  # noqa: PLC0415

    with aws_answers("read which alarms are raised", region=region):
        client = boto3.client("cloudwatch", region_name=region, config=PATIENCE)
        pages = client.get_paginator("describe_alarms").paginate(
            StateValue="ALARM", AlarmTypes=["MetricAlarm"], PaginationConfig={"PageSize": LARGEST_PAGE}
        )
        for page in pages:
            yield from (alarm["AlarmName"] for alarm in page["MetricAlarms"])
