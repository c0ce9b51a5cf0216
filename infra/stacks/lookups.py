"""What a stack reads from the engine and AWS before it declares anything."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
from tenacity import retry, retry_if_exception_message, stop_after_delay, wait_fixed
from tenantnet.aws.items import read_item
from tenantnet.aws.sizes import IMAGE_PARAMETER
from tenantnet.phases.journal import Holder, decision_key, lease_key, led_to
from tenantnet.phases.memory import remembered
from tenantnet.phases.phases import Declaration, Origin, Phase
from tenantnet.phases.transitions import Decision
from tenantnet.refusal import Refused, Rule
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import Owner, Slot, Strategy, journal_table_name, network_name

# What the provider answers where there is no such instance: by its version, its own words or AWS's.
NO_SUCH_INSTANCE = (
    "couldn't find resource",
    "DBInstanceNotFound",
    "no matching RDS DB Instance",
    "empty result",
)

# Of a live move: the clients may be led over while the stack says so.
_BESIDE_CUTS = frozenset({Phase.FOLLOWING, Phase.SWITCHED})

PLATFORM_DEPLOYED = Rule(
    id="platform-deployed",
    rule="a tenant belongs to a platform stack that is deployed",
    reason="the platform stack {stack} cannot be read: {said}",
    remedy="deploy it first: tenantnet up {stack}. If it is deployed, this must work here, with the "
    "passphrase or the KMS key of its secrets: pulumi stack output --stack {stack}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """account_id: of the credentials in use. zones: two of the region's availability zones.

    tunnel_host_address: that of the deployed host, which the next one gets too: it stands in every tenant's
    routes and rules.
    """

    account_id: str
    zones: tuple[str, str]
    image_id: str
    tunnel_host_address: str | None = None


def look_up_place() -> Place:
    """Ask AWS, for a platform; its tenants find the answers among its outputs."""
    image = aws.ssm.get_parameter(name=IMAGE_PARAMETER)
    remembered = read_stack_outputs(pulumi.get_stack())
    return Place(
        account_id=aws.get_caller_identity().account_id,
        zones=_zones(remembered.get("availabilityZones")),
        image_id=image.insecure_value,
        tunnel_host_address=remembered.get("tunnelHostAddress"),
    )


def _zones(remembered: Sequence[str] | None) -> tuple[str, str]:
    """The zones that the cell has; two of the region for a new one.

    A zone that is impaired for an hour must not move the subnets of every tenant. Local Zones, which an
    account opts in to and which sort first, have neither RDS nor VPN gateways.
    """
    first, second, *_ = (
        remembered
        or aws.get_availability_zones(
            state="available", filters=[{"name": "zone-type", "values": ["availability-zone"]}]
        ).names
    )
    return first, second


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
    """The outputs of a tenant's platform. Raises Refused without such a stack, else Failure."""
    try:
        outputs = read_stack_outputs(stack)
    except Exception as error:  # the engine raises nothing narrower for an unknown stack
        said = str(error).strip().splitlines()[-1]
        refusal = PLATFORM_DEPLOYED.refuse(stack, "platform", stack=stack, said=said)
        raise Refused("The tenant's platform", [refusal]) from None
    return PlatformOutputs.read(stack, outputs)


def databases_gone(owner: Owner, declared: Declaration) -> set[Slot]:
    """The slots whose database is declared only while it exists, and is gone.

    An update that was killed after it had deleted the database still declares it: made once more, it would be
    empty. Raises Exception if AWS does not answer.
    """
    leaving = [
        slot
        for slot, part in declared.slots.items()
        if part.database and part.database.origin is Origin.LEAVING
    ]
    return {slot for slot in leaving if _instance(owner.in_network(slot).prefix) is None}


def leftovers_of(tenant: str, outputs: Mapping[str, Any]) -> Strategy | None:
    """The strategy whose first step has left a database in the slot that is not in production, between moves.

    It can have one only where it has a network. Raises Exception if AWS does not answer.
    """
    state = remembered(outputs)
    if state is None or state.phase is not Phase.STEADY or state.production.other not in state.networks:
        return None
    found = _instance(network_name(tenant, state.production.other))
    if found is None:
        return None
    return Strategy.REPLICA if found.replicate_source_db else Strategy.LIVE


def other_run(tenant: str, outputs: Mapping[str, Any]) -> Holder | None:
    """The run that has the lease of the tenant's moves; None if it is this one, or is known to have ended.

    Of one on another machine one look does not tell. Raises Exception if AWS does not answer.
    """
    # An ordinary update has no use for it.
    from tenantnet.toolchain.processes import has_ended, this_machine  # noqa: PLC0415

    if not (item := read_item(journal_table_name(outputs["cell"]), lease_key(tenant))):
        return None
    holder = Holder.from_item(item)
    own = (holder.machine, holder.pid) == (this_machine(), os.getpid())
    return None if own or has_ended(holder.machine, holder.pid) else holder


def decision_to_record(tenant: str, outputs: Mapping[str, Any]) -> Decision | None:
    """How the move is going to end, or its clients were led back, where the stack has not recorded that yet.

    Only of a live move: in no other one an ordinary update may come in between. Raises Exception if AWS does
    not answer.
    """
    state = remembered(outputs)
    if state is None or state.strategy is not Strategy.LIVE or state.phase not in _BESIDE_CUTS:
        return None
    item = read_item(journal_table_name(outputs["cell"]), decision_key(tenant, state.move)) or {}
    if state.phase is Phase.SWITCHED and led_to(item) in (None, state.production):
        return None
    # It may say only what a cut has to restore.
    return Decision(item["decision"]["S"]) if "decision" in item else None


def _instance(identifier: str) -> aws.rds.GetInstanceResult | None:
    try:
        return aws.rds.get_instance(db_instance_identifier=identifier)
    except Exception as error:  # the engine raises nothing narrower
        if any(words in str(error) for words in NO_SUCH_INSTANCE):
            return None
        raise
