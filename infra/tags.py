"""Names and tags of resources: people, policies and bills see by them to whom a resource belongs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Slot(StrEnum):
    """A tenant's networks: at most two at a time, one of them in production."""

    BLUE = "blue"
    GREEN = "green"

    @property
    def other(self) -> Slot:
        """The slot that a move from here leads to."""
        return Slot.GREEN if self is Slot.BLUE else Slot.BLUE


class Strategy(StrEnum):
    """How the data reaches the target.

    By a replica that is promoted; by a snapshot that is restored behind the fence; or by a snapshot that is
    restored and then follows the source, so that only the last transactions are waited for (`live`).
    """

    REPLICA = "replica"
    SNAPSHOT = "snapshot"
    LIVE = "live"


# Where nobody says how, as people read it.
USUAL_STRATEGY = "live where there is a login and database.gtid, else replica"


class Tag(StrEnum):
    """The keys of our tags, beside AWS's own `Name`."""

    CELL = "tenantnet:cell"
    TENANT = "tenantnet:tenant"
    NETWORK = "tenantnet:network"
    PART = "tenantnet:part"
    LIFECYCLE = "tenantnet:lifecycle"
    DESCRIPTION = "tenantnet:description"
    TUNNEL_USERS = "tenantnet:tunnel-users"
    TUNNEL_USER = "tenantnet:tunnel-user"


class Part(StrEnum):
    """The place that a network resource belongs to; the policies distinguish routes and rules by it."""

    NETWORK = "network"
    SESSION = "session"
    SESSIONS = "sessions"
    SERVICES = "services"
    DATABASE = "database"
    PING_HOST = "ping-host"
    TUNNEL_HOST = "tunnel-host"
    ENDPOINTS = "endpoints"


class Lifecycle(StrEnum):
    """What a database is used for. DISCARDED: an abandoned copy that never was in production."""

    PRODUCTION = "production"
    TEST = "test"
    RETIRING = "retiring"
    DISCARDED = "discarded"

    @property
    def protected(self) -> bool:
        """Whether AWS's deletion protection and Pulumi's protect are on."""
        return self in (Lifecycle.PRODUCTION, Lifecycle.TEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """To whom a resource belongs: a cell, a tenant of it, one network of that tenant."""

    cell: str
    """The cell: a platform stack's name without `platform-`."""
    tenant: str | None = None
    """The tenant; None for what its cell shares."""
    network: str | None = None
    """`blue` or `green`, for what belongs to one network of the tenant."""
    own_tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Tags of one's own for every resource, such as a cost center: settings.checks.check_tags judges them."""

    @property
    def prefix(self) -> str:
        """The start of every physical name: `acme-blue`, `acme`, or the cell's `eu1`."""
        if self.tenant is None:
            return self.cell
        return network_name(self.tenant, self.network) if self.network else self.tenant

    def in_network(self, slot: str) -> Owner:
        """The same tenant's network `slot`."""
        return replace(self, network=slot)

    def tags(
        self,
        name: str,
        *,
        part: Part | None = None,
        lifecycle: Lifecycle | None = None,
        description: str | None = None,
    ) -> dict[str, str]:
        """The tags of the resource called `name`."""
        tags = {
            **self.own_tags,
            "Name": name,
            Tag.CELL: self.cell,
            Tag.TENANT: self.tenant,
            Tag.NETWORK: self.network,
            Tag.PART: part,
            Tag.LIFECYCLE: lifecycle,
            Tag.DESCRIPTION: description,
        }
        return {str(key): str(value) for key, value in tags.items() if value is not None}


def network_name(tenant: str, slot: str) -> str:
    """What a tenant's network and its database are called: `acme-blue`."""
    return f"{tenant}-{slot}"


def claims_table_name(cell: str) -> str:
    """The cell's DynamoDB table of claims: which tenant has which range. Another cell may use it, too."""
    return f"tenantnet-{cell}-claims"


def cell_of_claims_table(name: str) -> str:
    """The cell whose table of claims is called so."""
    return name.removeprefix("tenantnet-").removesuffix("-claims")


def journal_table_name(cell: str) -> str:
    """The DynamoDB table that keeps the events of every move in a cell."""
    return f"tenantnet-{cell}-journal"


def boundary_name(cell: str) -> str:
    """The IAM policy that limits what the roles of a cell can be given."""
    return f"tenantnet-{cell}-boundary"


def tunnel_name(cell: str, tenant: str) -> str:
    """The session document that leads to a tenant's database."""
    return f"{cell}-{tenant}-tunnel"


# A tag's value has 256 characters at most, so the people who may open a tunnel are in several.
TUNNEL_USER_TAGS = tuple(f"{Tag.TUNNEL_USERS}{suffix}" for suffix in ("", "-2", "-3", "-4"))
TAG_VALUE_CHARACTERS = 256


def tunnel_user_tags(users: Sequence[str]) -> dict[str, str]:
    """The tags of a tunnel's document that name who may open it, each name between two slashes.

    Raises ValueError for more than they hold.
    """
    values: list[str] = []
    for user in sorted(users):
        if not values or len(values[-1]) + len(user) + 1 > TAG_VALUE_CHARACTERS:
            values.append("/")
        values[-1] += f"{user}/"
    if len(values) > len(TUNNEL_USER_TAGS):
        raise ValueError(f"{len(users)} people are more than the tags of one document can name")
    return dict(zip(TUNNEL_USER_TAGS, values, strict=False))


def tunnel_users(tags: Mapping[str, object]) -> set[str]:
    """Whom the tags of a tunnel's document name."""
    named = (str(tags.get(tag, "")) for tag in TUNNEL_USER_TAGS)
    return {user for value in named for user in value.split("/") if user}


def return_schedule_name(cell: str, tenant: str) -> str:
    """The schedule that starts the cell's migration runner again for a tenant whose build has died."""
    return f"tenantnet-{cell}-{tenant}-return"


def runner_document_name(cell: str) -> str:
    """The session document that leads the cell's migration runner to its databases."""
    return f"{cell}-migration-runner"


def final_snapshot_name(tenant: str, slot: str, cidr: str, move: int) -> str:
    """The final snapshot of a deleted database; range and move make its name unique among a slot's databases.

    cidr: of the database's network. move: the number of the move at stake.
    """
    return f"{network_name(tenant, slot)}-{cidr.split('/', maxsplit=1)[0].replace('.', '-')}-final-{move}"


def move_snapshot_name(tenant: str, move: int) -> str:
    """The snapshot, taken behind the fence, that a move by snapshot restores."""
    return f"{tenant}-move-{move}"


def seed_snapshot_name(tenant: str, move: int) -> str:
    """The snapshot, of a source that takes writes, that a live move begins with: no other may restore it."""
    return f"{tenant}-seed-{move}"


def move_of_snapshot(tenant: str, name: str) -> int:
    """The move's number in a name that the functions above give; 0 for any other name."""
    of_slot = f"(?:{'|'.join(Slot)})-[0-9-]+-final"
    found = re.fullmatch(rf"{re.escape(tenant)}-(?:move|seed|{of_slot})-(\d+)", name)
    return int(found[1]) if found else 0
