"""What stacks remember: outputs, read as plain values before anything is declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from tenacity import retry, retry_if_exception_message, stop_after_delay, wait_fixed
from tenantnet.refusal import Refusal, Refused


class PlatformOutputs(BaseModel):
    """The outputs of a platform stack that its tenants use; it exports them under the same names."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="ignore")

    cell: str
    region: str
    account_id: str
    availability_zones: tuple[str, str]
    image_id: str
    zone_id: str
    zone_name: str
    sessions_vpc_id: str
    sessions_cidr: str
    shared_subnets: tuple[str, ...] = ()
    services_vpc_id: str
    services_route_table_id: str
    tunnel_host_id: str
    tunnel_host_address: str
    kms_key_arn: str
    alarm_topic_arn: str
    flow_log_role_arn: str
    # Only where the platform's settings have a runner.
    runner_project: str | None = None
    runner_schedule_role_arn: str | None = None
    runner_compares: bool = False


# A file backend writes a state in place, and the engine may be writing this stack's own as it is read.
@retry(
    retry=retry_if_exception_message(match=r"(?s).*failed to load checkpoint"),
    stop=stop_after_delay(10),
    wait=wait_fixed(0.1),
    reraise=True,
)
def read_stack_outputs(stack: str) -> Mapping[str, Any]:
    """The outputs of a stack of this project as the last update left them; empty for a stack without any.

    Unlike a StackReference's they are plain, so that names and addresses made of them are known to a preview
    and to its policies. Raises Exception as the engine does where the stack does not exist.
    """
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}"
    result = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": name})
    return (result.value or {}).get("outputs") or {}


def read_platform(stack: str) -> PlatformOutputs:
    """The outputs of the platform stack; refused where the platform is not there or not complete."""
    try:
        return PlatformOutputs.model_validate(read_stack_outputs(stack))
    except ValidationError as error:
        missing = ", ".join(sorted(str(problem["loc"][0]) for problem in error.errors()))
        reason = f"the platform stack {stack} has no output {missing}: its last update did not finish"
    except Exception as error:  # the engine raises nothing narrower for an unknown stack
        reason = f"the platform stack {stack} cannot be read: {str(error).strip().splitlines()[-1]}"
    refusal = Refusal(
        path="platform",
        value=stack,
        rule="a tenant belongs to a platform stack that is deployed",
        reason=reason,
        remedy=f"deploy it first: pulumi up --stack {stack}",
    )
    raise Refused("The tenant's platform", [refusal])
