"""The policy on tags: they say whose a resource is, and the other policies rely on them."""

from __future__ import annotations

from collections.abc import Iterator

from tenantnet.aws.types import ROUTE_TABLE, SECURITY_GROUP, SUBNET, VPC
from tenantnet.policies.model import Finding, PackSettings, Policy, Severity, Stack
from tenantnet.refusal import Rule
from tenantnet.tags import Part, Tag

PARTED_TYPES = (VPC, SUBNET, ROUTE_TABLE, SECURITY_GROUP)

TAG_PRESENT = Rule(
    id="tag-present",
    rule="a resource that can have tags has {tag}",
    reason="people, bills and the other policies see by its tags to whom it belongs",
    remedy="tag it with tenantnet.tags.Owner.tags",
)
TAG_PART = Rule(
    id="tag-part",
    rule="VPCs, subnets, route tables and security groups are tagged tenantnet:part, one of {parts}",
    reason="routes and rules are judged by it",
    remedy="tag it with tenantnet.tags.Owner.tags(part=...)",
)


def _judge_stack(stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    """A resource can have tags where the provider computes `tagsAll` for it."""
    taggable = [resource for resource in stack.resources if "tagsAll" in resource.props]
    of_tenant = any(Tag.TENANT in resource.tags for resource in taggable)
    required = [*settings.required_tags, *([Tag.TENANT] if of_tenant else [])]
    for resource in taggable:
        for tag in required:
            if not resource.tags.get(tag):
                yield resource.refuse(TAG_PRESENT, f"tags.{tag}", tag=tag)
        if resource.type in PARTED_TYPES and resource.part not in list(Part):
            yield resource.refuse(TAG_PART, f"tags.{Tag.PART}", value=resource.part, parts=", ".join(Part))


TAGS_PRESENT = Policy(
    name="tags-present",
    description="Every resource's tags show to whom it belongs: its cell, its tenant, its name, its part.",
    severity=Severity.LOW,
    remediation="Tag it with tenantnet.tags.Owner.tags.",
    rules=(TAG_PRESENT, TAG_PART),
    judge_stack=_judge_stack,
    schema={
        "requiredTags": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["Name", Tag.CELL],
            "description": "Tags of every resource; a tenant's resources have tenantnet:tenant beside them.",
        }
    },
)

POLICIES = (TAGS_PRESENT,)
