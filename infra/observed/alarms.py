"""Which of CloudWatch's alarms are raised."""

from __future__ import annotations

from collections.abc import Collection

import boto3
from tenantnet.aws.answers import PATIENCE, aws_answers

# Without a size, CloudWatch gives half of it.
LARGEST_PAGE = 100


def raised_alarms(regions: Collection[str]) -> set[str]:
    """The names of all metric alarms in state ALARM. Raises Failure.

    One call for each 100 of them, since CloudWatch answers few calls a second:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    """
    names = set()
    for region in regions:
        with aws_answers("read which alarms are raised", region=region):
            client = boto3.client("cloudwatch", region_name=region, config=PATIENCE)
            pages = client.get_paginator("describe_alarms").paginate(
                StateValue="ALARM", AlarmTypes=["MetricAlarm"], PaginationConfig={"PageSize": LARGEST_PAGE}
            )
            names |= {alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]}
    return names
