"""What a stack's state has already: what came into it unseen is not deleted by the next update.

The engine shows a policy neither whether something is imported nor a deletion. So what is in the state is the
stack's own only where it shows: the stack could declare it, no program has imported it, and its tags, or what
it is of, say that it is this stack's. An import is seen in the state, too: in an update the engine writes it
there as AWS has it before it asks about the resource; in a preview, by what AWS alone says of a resource, and
the state does not have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from zlib import crc32

from tenantnet.addresses.claims import Claim, ForeignRow, Row
from tenantnet.aws import types as aws
from tenantnet.components.alarm_topic import alarm_topic_name
from tenantnet.engine.differences import SECRET_MARK
from tenantnet.policies.allowed import (
    ALLOWED,
    PROJECT,
    ROLE,
    ROLE_ATTACHMENT,
    ROLE_POLICY,
    SUBSCRIPTION,
    TOPIC,
    TOPIC_POLICY,
    is_placed,
)
from tenantnet.policies.documents import SERVICES, migration_name, physical_name
from tenantnet.policies.model import (
    PLATFORM_PREFIX,
    Finding,
    PackSettings,
    Resource,
    Stack,
    Unknown,
    parse_json,
)
from tenantnet.policies.names import foreign_name
from tenantnet.policies.own_types import is_own, judge_names, judge_texts, may_be_own
from tenantnet.policies.shapes import named_at, references
from tenantnet.policies.tags import TAGGED
from tenantnet.refusal import Rule
from tenantnet.tags import (
    Slot,
    Tag,
    cell_of_claims_table,
    claims_table_name,
    network_name,
    tunnel_name,
)

HELD_OWN = Rule(
    id="held-own",
    rule="what a stack's state has is the stack's own, by its tags or by what it is of",
    reason="{kind} {name} is {owner}. An import has brought it in here, and an update deletes it as soon as "
    "the program does not declare it",
    remedy="pulumi state delete '{urn}' --stack {stack}{otherwise}",
)
NOTHING_ADOPTED = Rule(
    id="nothing-adopted",
    rule="a program declares what its stack has; it imports and reads rules that a move has opened, and "
    "what AWS has tagged as the stack's of the types that the organisation answers for",
    reason="whosever {kind} {name} is, an update brings it to what the program says of it, and may delete it",
    remedy="declare it with a component, without import_ or get; look up what is not the stack's by a "
    "function such as aws.ec2.get_vpc. If the state has it: pulumi state delete '{urn}' --stack {stack}",
)
DELETED_GONE = Rule(
    id="deleted-gone",
    rule="what goes from a stack's state is gone from AWS, too",
    reason="{kind} {name} was deployed with retain_on_delete or deleted_with: replaced or removed it stays "
    "there, and its range or name is free for others",
    remedy="declare it without the option, and take retainOnDelete and deletedWith out of the state: pulumi "
    "stack export --stack {stack} --file state.json, and then pulumi stack import with the same options",
)
CLAIM_ALONE = Rule(
    id="claim-alone",
    rule="a row of claims is replaced for no other resource's sake",
    reason="{name} or its provider was deployed with replace_with, replacement_trigger or deleted_with, or "
    "has a value of another one: it is deleted as soon as that is replaced, and until it is written again "
    "its range is free for others",
    remedy="declare it with tenantnet.components.range_claim.RangeClaim, and take replaceWith, "
    "replacementTrigger, deletedWith and propertyDependencies out of the state: pulumi stack export --stack "
    "{stack} --file state.json, and then pulumi stack import with the same options",
)
SAID_AS_GIVEN = Rule(
    id="said-as-given",
    rule="what is said of a resource is what its provider has made of what the program gives it",
    reason="{property} of {kind} {name} is not that which the program gives it: policies go by what is said, "
    "and so does the provider when it changes or deletes something",
    remedy="register no outputs of a resource that a provider makes. If the state has it: write {name} as it "
    "is in AWS into the state of {stack}, by pulumi stack export --file state.json and pulumi stack import",
)
UNTOLD = "nobody's that can be told"
TAGGED_AGAIN = ". If it is the stack's own, tag it in AWS as it was, and run pulumi refresh first"
ROW_CHANGED = (
    ". If only its row was changed at AWS, leave the state: `tenantnet claims audit` says how to put it "
    "back, and run pulumi refresh then"
)
LISTED = ". If the organisation answers for its type, list that in the pack's settings first"
# Tunnels were opened by groups once.
_MEMBERSHIP = "aws:iam/userGroupMembership:UserGroupMembership"
# What the runner opens, and a program takes over.
ADOPTED = (aws.INGRESS_RULE,)
# By type: the property that names what it is of, and the type of that, which has tags.
_OF = {
    aws.ROUTE: ("vpcPeeringConnectionId", aws.PEERING),
    aws.ROUTE_TABLE_ASSOCIATION: ("subnetId", aws.SUBNET),
    aws.ROUTE_PROPAGATION: ("vpnGatewayId", aws.VPN_GATEWAY),
    aws.VPN_CONNECTION_ROUTE: ("vpnConnectionId", aws.VPN_CONNECTION),
    **dict.fromkeys((aws.INGRESS_RULE, aws.EGRESS_RULE), ("securityGroupId", aws.SECURITY_GROUP)),
}
# By type: the property with a name, and the names that this has in a cell for a stack.
_CALLED: Mapping[str, tuple[str, Callable[[str, str], Collection[str]]]] = {
    aws.SCHEDULE: ("name", lambda cell, tenant: [migration_name(cell, tenant)]),
    aws.ALIAS: ("name", lambda cell, _: [f"alias/tenantnet-{cell}"]),
    TOPIC_POLICY: ("arn", lambda cell, _: [alarm_topic_name(cell)]),
    SUBSCRIPTION: ("topic", lambda cell, _: [alarm_topic_name(cell)]),
    **dict.fromkeys(
        (ROLE_POLICY, ROLE_ATTACHMENT),
        ("role", lambda cell, _: [physical_name(cell, purpose) for purpose in SERVICES]),
    ),
    aws.IAM_GROUP: ("name", lambda cell, tenant: [tunnel_name(cell, tenant)]),
    aws.IAM_GROUP_POLICY: ("group", lambda cell, tenant: [tunnel_name(cell, tenant)]),
    _MEMBERSHIP: ("groups", lambda cell, tenant: [tunnel_name(cell, tenant)]),
}
_FORMER = (aws.IAM_GROUP, aws.IAM_GROUP_POLICY, _MEMBERSHIP)
# Of types with tags, those whose ID is the name, or an ARN that ends in it.
ID_IS_NAME = (
    *(aws.LOG_GROUP, aws.ALARM, aws.TABLE, aws.INSTANCE_PROFILE, aws.PARAMETER_GROUP, aws.SUBNET_GROUP),
    *(ROLE, TOPIC, PROJECT, aws.DOCUMENT),
)
# Of types without tags that AWS is called about by two properties: the ID that the provider makes of these.
ID_OF_BOTH: Mapping[str, Callable[[Mapping[str, object]], str]] = {
    aws.ROUTE: lambda of: f"r-{of.get('routeTableId')}{crc32(str(of.get('destinationCidrBlock')).encode())}",
    aws.ROUTE_PROPAGATION: lambda of: f"{of.get('vpnGatewayId')}_{of.get('routeTableId')}",
    aws.VPN_CONNECTION_ROUTE: lambda of: f"{of.get('destinationCidrBlock')}:{of.get('vpnConnectionId')}",
}
# What says which one a resource is, or what it was made of, beside what it refers to. AWS changes none of it.
_SAYS_WHICH = (
    *("cidrBlock", "destinationCidrBlock", "cidrIpv4", "tableName", "hashKey", "item", "name", "identifier"),
    *("snapshotIdentifier", "ami"),
)
# What says of a resource of an organisation's own what it is itself.
_ITSELF = ("id", "arn")
# Of types without an ARN: what AWS says of one that is there, and by which properties one is the same.
_THERE: Mapping[str, tuple[str, Sequence[str]]] = {
    aws.PEERING: ("acceptStatus", ("vpcId", "peerVpcId")),
    aws.ROUTE: ("state", ("routeTableId", "destinationCidrBlock")),
    aws.RECORD: ("fqdn", ("zoneId", "name")),
}


def judge_held(stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    """What is not shown to be the stack's, and what would stay in AWS.

    Whether the program still declares it does not matter: a replacement deletes, too, and at the beginning of
    an update nobody knows. Raises Failure if the state cannot be read, or whose something is.
    """
    state = _State(stack, settings, settings.reading.held(stack.name))
    for resource in state.held:
        yield from state.judge_kept(resource)


def judge_said(stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    """What is said otherwise of a resource than its program gives it: programs can register outputs of any.

    In an update the state has that, too, and what a preview is not shown: the ID, and what is ignored.
    """
    for resource in stack.resources:
        given, said = (props.get("tags") for props in (resource.given, resource.props))
        tags = said if isinstance(said, Mapping) else {}
        retagged = isinstance(given, Mapping) and any(tags.get(tag) != each for tag, each in given.items())
        for path in (*altered(resource), *(["tags"] if retagged else [])):
            yield _refuse_said(resource, resource, path)
    for resource in [] if stack.previews else settings.reading.held_now(stack.name):
        for path in altered(resource):
            yield _refuse_said(stack.root, resource, path)


def _refuse_said(at: Resource, resource: Resource, path: str) -> Finding:
    facts = {"kind": resource.kind, "name": resource.name, "stack": resource.stack, "property": path}
    if at is resource:
        return at.refuse(SAID_AS_GIVEN, path, **facts)
    return at.refuse(SAID_AS_GIVEN, "", value=resource.urn, **facts)


def altered(resource: Resource) -> Iterator[str]:
    """The properties that are said to be others than the program gives, as far as these say which it is."""
    shape = ALLOWED.get(resource.type)
    if shape is None or not resource.type.startswith("aws:"):
        return
    for path, inner, _ in references(shape):
        names = [_folded(each) for each in named_at(resource.given.get(path), inner) if isinstance(each, str)]
        told = [each for each in named_at(resource.props.get(path), inner) if isinstance(each, str)]
        if names and any(_folded(each) not in names for each in told):
            yield path
    for path in _SAYS_WHICH:
        given, said = resource.given.get(path), resource.props.get(path)
        if isinstance(given, str) and not isinstance(said, Unknown) and _folded(given) != _folded(said):
            yield path
    source = resource.given.get("replicateSourceDb") if resource.type == aws.DATABASE else None
    own = [network_name(resource.stack, slot) for slot in Slot]
    if isinstance(source, str) and source and source.rpartition(":")[2] not in own:
        yield "replicateSourceDb"
    yield from _altered_ids(resource)


def _altered_ids(resource: Resource) -> Iterator[str]:
    own, named = resource.props.get("id"), f"{resource.kind[0].lower()}{resource.kind[1:]}Id"
    said, arn = resource.props.get(named), resource.props.get("arn")
    if isinstance(own, str) and isinstance(said, str) and said != own:
        yield named
    if any(path == "arn" for path, _, _ in references(ALLOWED[resource.type])):
        return  # it is that of what the resource belongs to
    if isinstance(own, str) and isinstance(arn, str):
        called = (own, own.rpartition(":")[2], *map(resource.given.get, ("name", "identifier")))
        if not any(_is_arn_of(arn, each) for each in called):
            yield "arn"


def _is_arn_of(arn: str, called: object) -> bool:
    # A part of another one's name says nothing.
    return (
        bool(called)
        and isinstance(called, str)
        and (arn == called or arn.endswith((f":{called}", f"/{called}")))
    )


def _folded(value: object) -> object:
    """The same for texts that AWS takes for one: names in a zone, IDs of zones, and rows as JSON."""
    if not isinstance(value, str):
        return value
    with suppress(ValueError, RecursionError):
        return parse_json(value)
    return value.rpartition(":key/")[2].removeprefix("/hostedzone/").removesuffix(".").casefold()


def judge_imports(stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    """What a preview shows that AWS has and the state does not: what is new has no ID yet."""
    if not stack.previews:
        return
    state = _State(stack, settings, settings.reading.held(stack.name))
    for resource in stack.resources:
        if resource.custom and not resource.adopted and state.lacks(resource):
            yield from state.judge_adopted(replace(resource, adopted=True))


def judge_taken(resource: Resource, stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    """What has come into the state before anybody was asked: an import as AWS has it, or a state migration.

    resource: what the engine asks about. stack: as far as it was asked about.
    """
    judged = {each.urn for each in stack.resources} - {resource.urn}
    before: dict[str, list[Resource]] = defaultdict(list)
    for each in settings.reading.held(stack.name):
        before[each.urn].append(each)
    now = settings.reading.held_now(stack.name)
    if early := [each for each in now if each.urn not in judged and each not in before[each.urn]]:
        state = _State(stack, settings, now)
        for taken in early:
            yield from state.judge_adopted(taken) if taken.adopted else state.judge_kept(taken)


def refuse_adopted(resource: Resource) -> Finding:
    """The finding that the stack has what its program does not make."""
    facts = {"kind": resource.kind, "name": resource.name, "urn": resource.urn, "stack": resource.stack}
    return resource.refuse(NOTHING_ADOPTED, "", value=resource.name, **facts)


def judge_imported(resource: Resource) -> Iterator[Finding]:
    """What an own type names that nobody has judged by what a program gives; its own ID is none of that."""
    itself = (*_ITSELF, f"{resource.kind[0].lower()}{resource.kind[1:]}Id")
    given = {path: value for path, value in resource.props.items() if path not in itself}
    yield from judge_texts(replace(resource, props=given))


def _ids(resource: Resource, without: Collection[str] = ()) -> set[str]:
    """By what AWS knows a resource, as the paths say; those that its program gives are to be left out."""
    own = f"{resource.kind}id".lower()
    return {
        value
        for path, value in resource.props.items()
        if (path in _ITSELF or path.lower().endswith(own)) and path not in without
        if isinstance(value, str) and value
    }


def _agree(one: Resource, other: Resource, paths: Sequence[str]) -> bool:
    return all(one.props.get(path) == other.props.get(path) for path in paths)


class _State:
    """The state of a stack, and whose is what in it."""

    def __init__(self, stack: Stack, settings: PackSettings, held: Sequence[Resource]) -> None:
        self._stack, self._settings, self.held = stack, settings, held
        self._own = [
            each
            for each in self.held
            if each.type in TAGGED and is_placed(each.type, stack.name) and not self._by_tags(*_tags(each))
        ]
        self._claims = [row for row in self.held if row.claim and self._is_holder(row.claim)]

    def lacks(self, resource: Resource) -> bool:
        """Whether AWS says of a resource what no program can give, and the state does not have it."""
        ids = _ids(resource, without=resource.inputs or ())
        had = [each for each in self.held if resource.urn == each.urn or resource.type == each.type]
        if ids:
            return all(ids.isdisjoint(_ids(each)) for each in had)
        there, places = _THERE.get(resource.type, ("", ()))
        is_there = isinstance(resource.props.get(there), str)
        return is_there and not any(_agree(resource, each, places) for each in had)

    def judge_adopted(self, resource: Resource) -> Iterator[Finding]:
        """Whether the stack may have it though its program does not make it."""
        if self.other_owner(resource)[0]:
            yield refuse_adopted(resource)

    def judge_kept(self, resource: Resource) -> Iterator[Finding]:
        """Whether it is the stack's own, and goes from AWS with it."""
        root, name = self._stack.root, self._stack.name
        facts = {"kind": resource.kind, "name": resource.name, "urn": resource.urn, "stack": name}
        owner, otherwise = self.other_owner(resource)
        if owner:
            facts |= {"owner": owner, "otherwise": otherwise}
            yield root.refuse(HELD_OWN, "", value=resource.urn, **facts)
        elif resource.retained and resource.type in ALLOWED and resource.type != aws.KEY:
            yield root.refuse(DELETED_GONE, "", value=resource.urn, **facts)
        elif resource.follows and resource.type == aws.TABLE_ITEM:
            yield root.refuse(CLAIM_ALONE, "", value=resource.urn, **facts)
        else:
            yield from (_refuse_said(root, resource, path) for path in altered(resource))

    def other_owner(self, resource: Resource) -> tuple[str, str]:
        """Whose it is, in words, if it is not the stack's; and the way out if it is the stack's after all."""
        kind = resource.type
        if is_own(kind, self._settings):
            named = self._other_owner_of_own_type(resource)
            return named, TAGGED_AGAIN if named == UNTOLD else ""
        if resource.adopted and kind not in ADOPTED:
            return "imported by the program, which says of it what it likes", ""
        is_former = kind in _FORMER and not self._stack.is_platform
        if not is_former and not (kind in ALLOWED and is_placed(kind, self._stack.name)):
            return "of a type that this stack cannot declare", LISTED if may_be_own(kind) else ""
        if kind in TAGGED:
            named = self._by_name(resource) or self._by_tags(*_tags(resource))
            if kind not in _OF or named not in ("", UNTOLD):
                return named, TAGGED_AGAIN if named == UNTOLD else ""
        named = self._told(resource)
        return named, ROW_CHANGED if named and kind == aws.TABLE_ITEM else ""

    def _told(self, resource: Resource) -> str:
        """By what it is of."""
        if resource.type in _OF:
            return self._by_reference(resource)
        if resource.type in _CALLED:
            return "" if self._is_called_as_own(resource) else UNTOLD
        if resource.type == aws.RECORD:
            return "" if self._is_own_endpoint(resource) else UNTOLD
        return self._by_claim(resource)

    def _by_name(self, resource: Resource) -> str:
        """AWS is called by name, whatever tags a state says. A program that migrates it gives no ID."""
        if resource.stack != self._stack.name:
            return f"stack {resource.stack}'s by its URN"
        if called := foreign_name(resource):
            return f"called {called}, as nothing of this stack is"
        name, own = resource.props.get("name"), str(resource.props.get("id"))
        if resource.type in ID_IS_NAME and name != own.rpartition(":")[2].removeprefix("project/"):
            return f"called {name}, and its ID is {own}"
        return ""

    def _by_tags(self, *given: Mapping[str, object]) -> str:
        named = {*_named(given, Tag.TENANT), *_named(given, Tag.CELL)}
        return self._others(given, self._cells if self._stack.is_platform else ()) or (
            "" if named else UNTOLD
        )

    def _others(self, given: Sequence[Mapping[str, object]], cells: Collection[str]) -> str:
        """Whom else the tags name. cells: of which it may be, where they name no tenant."""
        if any(SECRET_MARK in each for each in given):
            return UNTOLD
        tenants = _named(given, Tag.TENANT)
        if others := tenants - ({self._stack.name} if not self._stack.is_platform else set()):
            return f"tenant {min(others)}'s"
        others = set() if tenants else _named(given, Tag.CELL) - {*cells}
        return f"cell {min(others)}'s" if others else ""

    @cached_property
    def _cells(self) -> set[str]:
        """The stack's own, by its name or by what is its own."""
        if self._stack.is_platform:
            return {self._stack.name.removeprefix(PLATFORM_PREFIX)}
        return {str(each.cell) for each in (*self._own, *self._claims) if each.cell}

    def _other_owner_of_own_type(self, resource: Resource) -> str:
        """A team may tag its own with its cell, or not at all. What it imports may be anybody's.

        Then AWS says whose it is, and what it names is judged, too.
        """
        given = _tags(resource)
        if resource.adopted:
            if others := self._by_tags(*given):
                return others
            for _ in (*judge_imported(resource), *judge_names(self._stack, resource, self._settings)):
                return "about what is not this stack's"
        return self._others(given, self._cells or _named(given, Tag.CELL))

    def _ids(self, kind: str) -> set[object]:
        return {name for each in self._own if each.type == kind for name in each.ids}

    @cached_property
    def _asked(self) -> Mapping[str, Mapping[str, str]]:
        """The tags of what the state names and does not have, asked once for all."""
        wanted: dict[str | None, set[str]] = {}
        for each in self.held:
            path, kind = _OF.get(each.type, ("", ""))
            value = each.props.get(path)
            if isinstance(value, str) and value and value not in self._ids(kind):
                wanted.setdefault(each.region or self._stack.region, set()).add(value)
        found: dict[str, Mapping[str, str]] = {}
        for region, ids in wanted.items():
            found |= self._settings.reading.tags_now(ids, region)
        return found

    def _by_reference(self, resource: Resource) -> str:
        path, kind = _OF[resource.type]
        value, own = resource.props.get(path), resource.props.get("id")
        if not isinstance(value, str) or not value:
            return UNTOLD
        if resource.type in ID_OF_BOTH and own and own != ID_OF_BOTH[resource.type](resource.props):
            return f"another, {own} by its ID"
        if value in self._ids(kind):
            return ""
        if tags := self._asked.get(value):
            return self._by_tags(tags)
        return "" if resource.type == aws.ROUTE and self._is_own_way(resource) else UNTOLD

    def _is_own_way(self, route: Resource) -> bool:
        """A route outlives its peering: it is in one of the stack's tables, or leads to one of its ranges."""
        ranges: list[object] = [each.claim.cidr for each in self._claims if each.claim]
        ranges += [each.props.get("cidrBlock") for each in self._own if each.type == aws.VPC]
        table, way = (route.props.get(path) for path in ("routeTableId", "destinationCidrBlock"))
        return table in self._ids(aws.ROUTE_TABLE) or way in ranges

    def _is_called_as_own(self, resource: Resource) -> bool:
        path, names = _CALLED[resource.type]
        value = resource.props.get(path)
        given = value if isinstance(value, list) else [str(value).rpartition(":")[2]]
        own = [name for cell in self._cells for name in names(cell, self._stack.name)]
        return bool(given) and all(each in own for each in given)

    def _is_own_endpoint(self, record: Resource) -> bool:
        platforms = map(self._settings.reading.platform, self._cells)
        own = [(each.zone_id, f"{self._stack.name}.{each.zone_name}") for each in platforms]
        return (record.props.get("zoneId"), record.props.get("name")) in own

    def _by_claim(self, row: Resource) -> str:
        """By what it says, and by what the table says: a row that was lost may be another's since."""
        table, claim = row.props.get("tableName"), row.claim
        if claim is None or table != claims_table_name(cell_of_claims_table(str(table))):
            return UNTOLD
        reading = self._settings.reading
        rows = [
            each
            for cell in self._cells
            if reading.platform(cell).claims_table == table
            for each in reading.ranges(cell, row.region).claims
            if each.cidr == claim.cidr
        ]
        holder = next((each for each in [claim, *rows] if not self._is_holder(each)), None)
        if isinstance(holder, ForeignRow):
            return UNTOLD
        return f"tenant {holder.tenant}'s" if holder else ""

    def _is_holder(self, row: Row) -> bool:
        return isinstance(row, Claim) and row.stack == row.tenant == self._stack.name


def _tags(resource: Resource) -> Sequence[Mapping[str, object]]:
    """As the program and the provider say them: neither hides what the other has."""
    both = (resource.props.get(path) for path in ("tags", "tagsAll"))
    return [each for each in both if isinstance(each, Mapping)]


def _named(given: Sequence[Mapping[str, object]], tag: Tag) -> set[str]:
    return {str(each[tag]) for each in given if each.get(tag)}
