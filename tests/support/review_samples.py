"""Previews of a tenant's stack, as the engine would tell them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenantnet.aws import types
from tenantnet.engine.events import Operation
from tenantnet.review.model import COMPONENT_PREFIX, Preview, PreviewedResource

CONNECTION = "acme-blue-vpn-192-168-4-0-24"


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:acme::tenantnet::{type_}::{name}"


def component(
    kind: str, name: str, operation: Operation = Operation.SAME, parent: str = ""
) -> PreviewedResource:
    type_ = f"{COMPONENT_PREFIX}{kind}"
    return PreviewedResource(operation=operation, type=type_, name=name, urn=urn(type_, name), parent=parent)


def resource(
    type_: str,
    name: str,
    operation: Operation = Operation.SAME,
    *,
    parent: PreviewedResource | None = None,
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
    changed: tuple[str, ...] = (),
    protected: bool = False,
) -> PreviewedResource:
    """A resource; what is not given of its inputs afterwards is as before."""
    before = dict(old or {})
    return PreviewedResource(
        operation=operation,
        type=type_,
        name=name,
        urn=urn(type_, name),
        parent=parent.urn if parent else "",
        old={} if operation is Operation.CREATE else before,
        new={} if operation is Operation.DELETE else {**before, **(new or {})},
        changed=changed,
        protected=protected,
    )


def tags(**own: str) -> dict[str, str]:
    return {"tenantnet:tenant": "acme", "tenantnet:network": "blue", **own}


def database(operation: Operation = Operation.SAME, *changed: str, **new: Any) -> PreviewedResource:
    """The production database of acme."""
    old = {
        "instanceClass": "db.t4g.small",
        "allocatedStorage": 100,
        "multiAz": False,
        "applyImmediately": True,
        "backupRetentionPeriod": 14,
        "iops": 12_000,
        "skipFinalSnapshot": False,
        "finalSnapshotIdentifier": "acme-blue-final-1",
        "deletionProtection": True,
        "engineVersion": "8.4",
        "tags": tags(**{"tenantnet:lifecycle": "production"}),
    }
    return resource(
        types.DATABASE,
        "acme-blue",
        operation,
        old=old,
        new=new,
        changed=changed or tuple(new),
        protected=True,
    )


def connection(
    operation: Operation = Operation.SAME, *changed: str, route: Operation = Operation.SAME
) -> list[PreviewedResource]:
    """The VPN connection to Seattle, with its gateway and its route."""
    whole = operation if operation in (Operation.CREATE, Operation.DELETE) else Operation.SAME
    parent = component("VpnConnection", CONNECTION, whole)
    described = {"tags": tags(**{"tenantnet:description": "Seattle office"})}
    return [
        parent,
        resource(types.CUSTOMER_GATEWAY, CONNECTION, whole, parent=parent, old={"ipAddress": "198.51.100.7"}),
        resource(
            types.VPN_CONNECTION, CONNECTION, operation, parent=parent, old=described, changed=tuple(changed)
        ),
        resource(
            types.VPN_CONNECTION_ROUTE,
            CONNECTION,
            whole if whole is not Operation.SAME else route,
            parent=parent,
            old={"destinationCidrBlock": "192.168.4.0/24"},
        ),
    ]


def preview(*resources: PreviewedResource, **more: Any) -> Preview:
    return Preview(stack="acme", resources=resources, **more)
