"""What a cell asks AWS before it declares anything; its tenants find the answers among its outputs."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws

# The newest Amazon Linux 2023 for arm64, kept by AWS as a public parameter.
IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """account_id: of the credentials in use. zones: two of the region's availability zones."""

    account_id: str
    zones: tuple[str, str]
    image_id: str


def look_up_place() -> Place:
    """Ask AWS; plain values, in a preview too."""
    zones = aws.get_availability_zones(state="available").names
    image = aws.ssm.get_parameter(name=IMAGE_PARAMETER)
    return Place(
        account_id=aws.get_caller_identity().account_id,
        zones=(zones[0], zones[1]),
        image_id=image.insecure_value,
    )
