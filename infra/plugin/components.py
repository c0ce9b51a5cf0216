"""The components as other languages see them.

Pulumi reads their schema from the annotations of TypedDicts and of components, and what a property means from
the docstring below its annotation. Both are the library's own, as far as its arguments can be put so.
Annotations must be types, not text: this module does without the annotations future.
"""

from collections.abc import Callable
from dataclasses import MISSING, fields
from inspect import get_annotations
from typing import Any, NotRequired, TypedDict

import pulumi
from tenantnet import components
from tenantnet.tags import Owner


class NetworkOwnerArgs(TypedDict):
    """To whom a resource belongs; it becomes tags."""

    cell: str
    """The cell's name: a platform stack's name without `platform-`."""
    tenant: str
    """The tenant's name."""
    network: NotRequired[str]
    """`blue` or `green`, for what belongs to one network."""
    own_tags: NotRequired[dict[str, str]]
    """Tags of one's own for every resource, such as a cost center."""


class TenantDatabaseArgs(TypedDict):
    """A database in production; moves are Tenantnet's own program's."""

    owner: NetworkOwnerArgs
    """Whose database it is, with its network's slot."""
    subnet_ids: pulumi.Input[list[pulumi.Input[str]]]
    """Subnets of two zones."""
    security_group_id: pulumi.Input[str]
    """The group that lets clients in."""
    username: str
    """The master user's name."""
    password: pulumi.Input[str]
    """The master user's password: a secret."""
    engine_version: NotRequired[str]
    """The major version of MySQL; 8.4 without it."""
    instance_class: NotRequired[str]
    """An RDS instance class that MySQL runs on; db.t4g.small without it."""
    storage_gb: NotRequired[int]
    """GiB, 20 to 65536; 100 without it."""
    iops: NotRequired[int]
    """12000 to 64000, for 400 GiB or more; 12000 there without it."""
    storage_throughput: NotRequired[int]
    """MiB/s, 500 to 4000 and a quarter of the IOPS at most, for 400 GiB or more; 500 there without it."""
    multi_az: NotRequired[bool]
    """Whether a standby is kept in a second zone."""
    backup_retention_days: NotRequired[int]
    """Days that automated backups are kept, 7 to 35; 14 without it."""
    backup_window: NotRequired[str]
    """When RDS takes the daily backup, in UTC; with maintenance_window. Without it RDS chooses."""
    maintenance_window: NotRequired[str]
    """When RDS maintains it each week, in UTC; with backup_window. Without it RDS chooses."""
    parameters: NotRequired[dict[str, str]]
    """Parameters of MySQL, by name: those that the settings take."""
    final_snapshot_identifier: str
    """The snapshot that deletion leaves behind."""
    kms_key_arn: pulumi.Input[str]
    """The key that encrypts the database and its logs."""
    alarm_topic_arn: pulumi.Input[str]
    """Where its alarms go."""


# What the library's arguments have in another form.
CONVERTED: dict[str, Callable[[Any], Any]] = {
    "owner": lambda owner: Owner(**owner),
    "availability_zones": tuple,
}


def _database(
    *,
    username: str,
    password: pulumi.Input[str],
    final_snapshot_identifier: str,
    **others: Any,  # noqa: ANN401 - the library's own
) -> components.TenantDatabaseArgs:
    return components.TenantDatabaseArgs(
        source=components.Fresh(components.MasterUser(username=username, password=password)),
        on_delete=components.FinalSnapshot(final_snapshot_identifier),
        **others,
    )


def _shape(args: type[Any]) -> type[Any]:
    """The library's arguments as Pulumi reads them; the reserved ranges are always the usual ones."""
    types = get_annotations(args, eval_str=True)
    types |= {"owner": NetworkOwnerArgs, "availability_zones": list[str]}
    shown = {
        field.name: types[field.name] if field.default is MISSING else types[field.name] | None
        for field in fields(args)
        if field.name != "reserved"
    }
    return _at(args, type(args.__name__, (), {"__annotations__": shown}))


def _offered(
    component: type[pulumi.ComponentResource], make: Callable[..., Any], shape: type[Any]
) -> type[pulumi.ComponentResource]:
    """The component with arguments of `shape`, from which `make` makes the library's."""

    def declare(
        self: pulumi.ComponentResource,
        name: str,
        args: dict[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = {key: CONVERTED[key](value) if key in CONVERTED else value for key, value in args.items()}
        component.__init__(self, name, make(**given), opts)  # type: ignore[arg-type]

    declare.__annotations__["args"] = shape
    members = {
        "__init__": declare,
        "__doc__": component.__doc__,
        "__annotations__": get_annotations(component, eval_str=True),
    }
    return _at(component, type(component.__name__, (component,), members))


def _at(original: type[Any], made: type[Any]) -> type[Any]:
    """Let Pulumi find the source of `original`, and the docstrings in it, for the class made from it."""
    made.__module__ = original.__module__
    if (line := vars(original).get("__firstlineno__")) is not None:  # from Python 3.13 on
        made.__firstlineno__ = line
    return made


COMPONENTS = (
    _offered(components.TenantDatabase, _database, TenantDatabaseArgs),
    *(
        _offered(component, args, _shape(args))
        for component, args in (
            (components.TenantNetwork, components.TenantNetworkArgs),
            (components.VpnConnection, components.VpnConnectionArgs),
            (components.EndpointRecord, components.EndpointRecordArgs),
        )
    ),
)
