"""The tenant stack: everything of one tenant, in whatever phase of a move it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pulumi
from tenantnet.addresses.addressing import database_range
from tenantnet.addresses.claims import Claim, ClaimKind, refuse_claim
from tenantnet.addresses.holders import unclaimed_ranges
from tenantnet.addresses.ranges import Ranges
from tenantnet.aws.types import INGRESS_RULE
from tenantnet.components.database_peering import (
    DatabasePeering,
    DatabasePeeringArgs,
    DatabaseSide,
    peering_name,
)
from tenantnet.components.endpoint_record import EndpointRecord, EndpointRecordArgs
from tenantnet.components.migration_schedule import MigrationSchedule, MigrationScheduleArgs
from tenantnet.components.range_claim import RangeClaim, RangeClaimArgs
from tenantnet.components.security import MYSQL, SecurityRuleArgs, allow_from, fixed_description
from tenantnet.components.service_peering import PeeringSide, ServicePeering, ServicePeeringArgs
from tenantnet.components.session_subnet import SessionSubnet, SessionSubnetArgs
from tenantnet.components.tenant_database import (
    FinalSnapshot,
    Fresh,
    Leaving,
    MasterUser,
    Nothing,
    Promoted,
    ReplicaOf,
    Restored,
    Seed,
    Source,
    TenantDatabase,
    TenantDatabaseArgs,
)
from tenantnet.components.tenant_network import TenantNetwork, TenantNetworkArgs
from tenantnet.components.tunnel_access import TunnelAccess, TunnelAccessArgs
from tenantnet.components.vpn_connection import VpnConnection, VpnConnectionArgs
from tenantnet.phases.kept import PLATFORM, USERNAME, in_outputs, refuse_changes
from tenantnet.phases.memory import outputs_of, remembered
from tenantnet.phases.phases import (
    AFTER_THE_SWITCH,
    DatabaseDeclaration,
    Origin,
    Phase,
    State,
    declaration,
)
from tenantnet.phases.starts import OUTPUT, RunnerStart, local_time, missed, next_start, remembered_start
from tenantnet.phases.transitions import Decision
from tenantnet.phases.updates import RUNNER_ONLY, beyond_used, networks_to_declare, plan_update, retired_note
from tenantnet.refusal import Refused
from tenantnet.settings.models import TenantSettings, VpnConnectionSettings
from tenantnet.settings.relations import beside_platform, check_region_of_platform
from tenantnet.stacks.clients import client_rules, connection_name
from tenantnet.stacks.lookups import (
    databases_gone,
    decision_to_record,
    leftovers_of,
    other_run,
    read_platform,
    read_stack_outputs,
)
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import (
    Owner,
    Slot,
    Strategy,
    claims_table_name,
    final_snapshot_name,
    move_snapshot_name,
    seed_snapshot_name,
)

# Exported where it is not the cell's own table.
CLAIMS_TABLE = "claimsTable"
# The names of rows that are not called like the network or subnet; exported where there are any.
CLAIMS_NAMED = "claimsNamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedStep:
    """What the migration runner asks of an update. All of it is read behind the stack's lock.

    state: to be reached. decision: about the move that it belongs to. missing: the slots without a database
    in the stack; one being removed is not made for that. opened: the rules of the target's clients that the
    runner has made through AWS's API already: their ids, by the names that `client_rules` gives them.
    """

    state: State
    decision: Decision | None
    missing: Collection[Slot]
    opened: Mapping[str, str] = field(default_factory=dict)


def plan(settings: TenantSettings, step: RequestedStep | None = None) -> TenantStack:
    """Read the stack and AWS, and check the update; nothing is declared yet.

    step: what the migration runner wants; an ordinary update keeps the stack's phase.
    Raises Refused if the update is not allowed.
    """
    cidrs = {slot: network.cidr for slot, network in settings.networks.items()}
    outputs = read_stack_outputs(settings.name)
    state = _state(settings, cidrs, outputs, step)
    platform = read_platform(settings.platform)
    _refuse_beside_platform(settings, platform)
    owner = Owner(cell=platform.cell, tenant=settings.name)
    missing = step.missing if step else databases_gone(owner, declaration(state))
    start = _runner_start(settings, platform, state, outputs)
    stack = TenantStack(
        settings,
        platform,
        state,
        networks_to_declare(state, cidrs),
        missing,
        start=start,
        former=outputs,
        opened=step.opened if step else {},
        numbered=remembered(outputs) is not None and not settings.retiring,
    )
    _claim_again(platform, _gone(platform, stack.claims.values(), outputs))
    if note := retired_note(state):
        pulumi.log.warn(note)
    return stack


def _state(
    settings: TenantSettings,
    cidrs: Mapping[Slot, str],
    outputs: Mapping[str, Any],
    step: RequestedStep | None,
) -> State:
    """What the update declares, where it is allowed. cidrs: of the networks in the settings."""
    leftovers = leftovers_of(settings.name, outputs)
    in_a_step = leftovers or (step is None and outputs.get("phase") in RUNNER_ONLY)
    return plan_update(
        outputs,
        cidrs,
        requested=step.state if step else None,
        decision=step.decision if step else decision_to_record(settings.name, outputs),
        leftovers=leftovers,
        at_work=other_run(settings.name, outputs) if in_a_step else None,
        tenant_retiring=settings.retiring,
        exchanged=refuse_changes(
            in_outputs(outputs), {PLATFORM: settings.platform, USERNAME: settings.database.username}
        ),
    )


def _refuse_beside_platform(settings: TenantSettings, platform: PlatformOutputs) -> None:
    """Check the ranges against the deployed platform: its settings file may be newer, or another clone's."""
    refusals = [
        *check_region_of_platform(pulumi.Config("aws").get("region"), settings.platform, platform.region),
        *beside_platform(
            settings,
            services=platform.services_cidr,
            sessions=platform.sessions_cidr,
            shared=platform.shared_subnets,
        ),
    ]
    if refusals:
        raise Refused(f"The settings of tenant {settings.name} beside its deployed platform", refusals)


def _runner_start(
    settings: TenantSettings, platform: PlatformOutputs, state: State, outputs: Mapping[str, Any]
) -> RunnerStart | None:
    """When the platform's runner starts next; None if it has none, or there is nothing to start it for."""
    if platform.runner_project is None:
        return None
    start = next_start(state, settings.migration, remembered_start(outputs), datetime.now(UTC))
    if missed(state, settings.migration, start):
        pulumi.log.warn(
            f"The time of the migration in the settings is past, so nothing starts it: give a later time, or "
            f"move now: tenantnet migrate run {settings.name} --now"
        )
    return start


def _gone(platform: PlatformOutputs, claims: Iterable[Claim], outputs: Mapping[str, Any]) -> list[Claim]:
    """The claims that the stack had, and the table has not. Raises Refused for a range of another stack."""
    unclaimed, held = unclaimed_ranges(platform.claims_table, claims), _ranges(outputs)
    # A table that the stack has not claimed in yet gets its claims by the engine.
    if outputs.get(CLAIMS_TABLE, claims_table_name(platform.cell)) != platform.claims_table:
        return []
    return [claim for claim in unclaimed if claim.cidr in held]


def _claim_again(platform: PlatformOutputs, gone: Sequence[Claim]) -> None:
    """Write rows that the stack's state has and the table has no longer: Pulumi would not miss them.

    A preview only says so. Raises Refused if another stack was quicker.
    """
    for claim in gone:
        pulumi.log.warn(
            f"The claim of {claim.cidr} ({claim.purpose}) is gone from {platform.claims_table}: no update "
            "of this stack released it. The next one writes it again."
        )
    if not gone:
        return
    if pulumi.runtime.is_dry_run():
        # The state has the rows, so without this a preview has nothing to do and `tenantnet up` does nothing.
        pulumi.export("claimedAgain", [claim.cidr for claim in gone])
        return
    # Only here: it takes boto3 to do it, which no other declaration needs.
    from tenantnet.addresses.claims_table import ClaimsTable  # noqa: PLC0415

    table = ClaimsTable.of(platform.cell, platform.region, platform.claims_table)
    refusals = [refuse_claim(claim, table.put(claim)) for claim in gone]
    if found := [refusal for refusal in refusals if refusal]:
        raise Refused("The tenant's ranges", found)


def _ranges(outputs: Mapping[str, Any]) -> set[str]:
    """The ranges that the stack has already, companies' too, as its last update left them."""
    networks = outputs.get("networks", {}).values()
    connections = [each for network in networks for each in network.get("vpnConnections", ())]
    return {
        outputs.get("sessionSubnet", ""),
        *(each["cidr"] for each in networks),
        *(each["companyCidr"] for each in connections),
    }


class TenantStack:
    """One tenant, declared part by part.

    start: the next one of the platform's runner. former: its outputs of the last update. opened: as in
    RequestedStep. numbered: whether the numbers of its moves are known to be its own. claims: what it
    claims, by the names of the network and the session subnet.
    """

    def __init__(
        self,
        settings: TenantSettings,
        platform: PlatformOutputs,
        state: State,
        cidrs: Mapping[Slot, str],
        missing: Collection[Slot],
        *,
        start: RunnerStart | None = None,
        former: Mapping[str, Any] | None = None,
        opened: Mapping[str, str] | None = None,
        numbered: bool = True,
    ) -> None:
        self._start, self._opened, self._numbered = start, opened or {}, numbered
        self._former = former or {}
        self._held = _ranges(self._former)
        self._settings, self._platform, self._state, self._cidrs = settings, platform, state, cidrs
        self._owner = Owner(cell=platform.cell, tenant=settings.name, own_tags=settings.tags)
        self._declared = declaration(state, tenant_retiring=settings.retiring)
        self._missing = missing
        self.claims = self._claims()
        self._rows = {name: self._row(name, claim) for name, claim in self.claims.items()}

    def refuse_others_ranges(self) -> None:
        """Check what is new beside other tenants' claims and companies, as the policy pack does.

        Raises Refused, or Failure if AWS does not answer.
        """
        networks = {slot: self._settings.networks[slot] for slot in self._cidrs}
        claims = [claim for claim in self.claims.values() if claim.cidr not in self._held]
        companies = [
            (f"networks.{slot}.vpnConnections[{index}].companyCidr", each.company_cidr)
            for slot, network in networks.items()
            for index, each in enumerate(network.vpn_connections)
            if each.company_cidr not in self._held
        ]
        if not claims and not companies:
            return
        # Only here: it takes boto3 to do it, which no other declaration needs.
        from tenantnet.addresses.claims_table import ClaimsTable  # noqa: PLC0415
        from tenantnet.addresses.connections import read_companies  # noqa: PLC0415

        cell, region, table = self._platform.cell, self._platform.region, self._platform.claims_table
        rows = ClaimsTable.of(cell, region, table).all()
        others = Ranges(rows, cell, read_companies(table, rows, region))
        name = self._settings.name
        if refusals := [*others.refuse(claims), *others.refuse_companies(name, companies)]:
            raise Refused(f"The ranges of tenant {name}", refusals)

    def pass_over_used_numbers(self) -> None:
        """Begin beyond the moves of a former tenant of the name; leave no final snapshot whose name is taken.

        Raises Failure if AWS does not answer.
        """
        if self._numbered:
            return
        # Only here: it takes boto3 to do it, which no other declaration needs.
        from tenantnet.stacks.former import moves_used  # noqa: PLC0415

        cell, region = self._platform.cell, self._platform.region
        self._state = beyond_used(self._state, moves_used(self._settings.name, cell, region))

    def declare(self, password: pulumi.Output[str]) -> None:
        """Declare everything of the tenant."""
        claims = {
            name: RangeClaim(
                self._rows[name],
                RangeClaimArgs(
                    cell=self._platform.cell,
                    claim=claim,
                    table=self._platform.claims_table,
                    in_use=claim.cidr in self._held,
                ),
            )
            for name, claim in self.claims.items()
        }
        session = self._session_subnet(claims[self._session_name])
        networks: dict[Slot, TenantNetwork] = {}
        connections: dict[Slot, list[Mapping[str, Any]]] = {}
        for slot in self._cidrs:
            network = self._network(slot, claims[self._owner.in_network(slot).prefix])
            networks[slot] = network
            connections[slot] = [
                self._connection(slot, settings, network)
                for settings in self._settings.networks[slot].vpn_connections
            ]
            self._reach(slot, network, session)
        if self._declared.joined:
            self._join(networks)
        databases = self._databases(networks, password)
        endpoint = self._endpoint(databases[self._declared.endpoint])
        self._tunnel_access()
        self._schedule()
        self._export(networks, connections, databases, endpoint)

    @property
    def _session_name(self) -> str:
        return f"{self._settings.name}-session"

    @property
    def _host_name(self) -> str:
        return f"{self._settings.name}.{self._platform.zone_name}"

    def _claims(self) -> dict[str, Claim]:
        tenant, platform = self._settings.name, self._platform
        session = Claim(
            cidr=self._settings.session_subnet, tenant=tenant, stack=tenant, kind=ClaimKind.SESSION_SUBNET
        )
        networks = {
            self._owner.in_network(slot).prefix: Claim(
                cidr=cidr, tenant=tenant, stack=tenant, kind=ClaimKind.NETWORK, slot=slot
            )
            for slot, cidr in self._cidrs.items()
        }
        claims = {self._session_name: session, **networks}
        return {name: claim.in_table(platform.claims_table, platform.cell) for name, claim in claims.items()}

    def _row(self, name: str, claim: Claim) -> str:
        """What a row is called. Another range has another row: the former goes after what is in its range."""
        networks, session = self._former.get("networks", {}), self._former.get("sessionSubnet")
        had = networks.get(claim.slot, {}).get("cidr") if claim.slot else session
        if had in (None, claim.cidr):
            return str(self._former.get(CLAIMS_NAMED, {}).get(name, name))
        return f"{name}-{claim.cidr.replace('/', '-')}"

    def _session_subnet(self, claim: RangeClaim) -> SessionSubnet:
        return SessionSubnet(
            self._session_name,
            SessionSubnetArgs(
                owner=self._owner,
                vpc_id=self._platform.sessions_vpc_id,
                cidr=self._settings.session_subnet,
                sessions_cidr=self._platform.sessions_cidr,
                shared_subnets=self._platform.shared_subnets,
                availability_zone=self._platform.availability_zones[0],
            ),
            pulumi.ResourceOptions(depends_on=claim),
        )

    def _network(self, slot: Slot, claim: RangeClaim) -> TenantNetwork:
        owner = self._owner.in_network(slot)
        return TenantNetwork(
            owner.prefix,
            TenantNetworkArgs(
                owner=owner,
                cidr=self._cidrs[slot],
                availability_zones=self._platform.availability_zones,
                ping_host_type=self._settings.networks[slot].ping_host_type,
                ping_host_image=self._platform.image_id,
                kms_key_arn=self._platform.kms_key_arn,
                flow_log_role_arn=self._platform.flow_log_role_arn,
                reserved=self._settings.reserved,
            ),
            pulumi.ResourceOptions(depends_on=claim, transformations=[self._adopt_opened]),
        )

    def _adopt_opened(
        self, args: pulumi.ResourceTransformationArgs
    ) -> pulumi.ResourceTransformationResult | None:
        """EC2 refuses a rule that is there: what the runner has opened is taken over."""
        opened = self._opened.get(args.name) if args.type_ == INGRESS_RULE else None
        if opened is None:
            return None
        adopted = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(import_=opened))
        return pulumi.ResourceTransformationResult(args.props, adopted)

    def _connection(
        self, slot: Slot, settings: VpnConnectionSettings, network: TenantNetwork
    ) -> Mapping[str, Any]:
        owner = self._owner.in_network(slot)
        connection = VpnConnection(
            connection_name(owner, settings.company_cidr),
            VpnConnectionArgs(
                owner=owner,
                **dict(settings),
                vpn_gateway_id=network.vpn_gateway_id,
                database_security_group_id=network.database_security_group_id,
                ping_host_security_group_id=network.ping_host_security_group_id,
                reaches_database=not self._declared.slots[slot].shut,
                alarm_topic_arn=self._platform.alarm_topic_arn,
                reserved=self._settings.reserved,
            ),
            pulumi.ResourceOptions(transformations=[self._adopt_opened]),
        )
        return {**settings.model_dump(by_alias=True), "id": connection.id}

    def _reach(self, slot: Slot, network: TenantNetwork, session: SessionSubnet) -> None:
        """Let the tenant's sessions and the tunnel host reach the network's database and nothing else."""
        owner, group_id = self._owner.in_network(slot), network.database_security_group_id
        sides = {
            "sessions": PeeringSide(
                vpc_id=self._platform.sessions_vpc_id,
                route_table_id=session.route_table_id,
                cidr=self._settings.session_subnet,
            ),
            "services": PeeringSide(
                vpc_id=self._platform.services_vpc_id,
                route_table_id=self._platform.services_route_table_id,
                cidr=f"{self._platform.tunnel_host_address}/32",
            ),
        }
        network_side = PeeringSide(
            vpc_id=network.vpc_id, route_table_id=network.route_table_id, cidr=self._cidrs[slot]
        )
        for side, platform_side in sides.items():
            name = f"{owner.prefix}-{side}"
            ServicePeering(
                name, ServicePeeringArgs(owner=owner, network=network_side, platform=platform_side)
            )
        rules = {
            f"{owner.prefix}-services": SecurityRuleArgs(
                owner=owner,
                security_group_id=group_id,
                service=MYSQL,
                peer_cidr=sides["services"].cidr,
                description="the tunnel host",
            )
        }
        if not self._declared.slots[slot].shut:
            # Those of companies belong to their connections.
            name = f"{owner.prefix}-sessions"
            rules[name] = client_rules(self._settings, owner, group_id)[name]
        for name, rule in rules.items():
            allow_from(name, rule, fixed_description(network))

    def _join(self, networks: Mapping[Slot, TenantNetwork]) -> None:
        """Let the two databases reach each other."""
        first, second = (
            DatabaseSide(
                owner=self._owner.in_network(slot),
                vpc_id=networks[slot].vpc_id,
                route_table_id=networks[slot].route_table_id,
                security_group_id=networks[slot].database_security_group_id,
                cidr=database_range(self._cidrs[slot]),
            )
            for slot in Slot
        )
        DatabasePeering(
            peering_name(self._settings.name),
            DatabasePeeringArgs(owner=self._owner, first=first, second=second),
        )

    def _databases(
        self, networks: Mapping[Slot, TenantNetwork], password: pulumi.Output[str]
    ) -> dict[Slot, TenantDatabase]:
        """The databases of the phase; a replica's source is declared before it."""
        declared = {
            slot: part.database
            for slot, part in self._declared.slots.items()
            if part.database and not (part.database.origin is Origin.LEAVING and slot in self._missing)
        }
        sources_first = sorted(declared, key=lambda slot: declared[slot].origin is Origin.REPLICA)
        databases: dict[Slot, TenantDatabase] = {}
        for slot in sources_first:
            source = databases.get(slot.other)
            databases[slot] = self._database(slot, declared[slot], networks[slot], source, password)
        return databases

    def _database(
        self,
        slot: Slot,
        declared: DatabaseDeclaration,
        network: TenantNetwork,
        source: TenantDatabase | None,
        password: pulumi.Output[str],
    ) -> TenantDatabase:
        settings, owner = self._settings.database, self._owner.in_network(slot)
        # After the switch the new production is busy with its promotion, and a password is a modification.
        # In a live move it may come to be the former one, which follows.
        leads = slot is self._state.production and self._state.phase in AFTER_THE_SWITCH
        may_lead_again = (self._state.phase, self._state.strategy) == (Phase.SWITCHED, Strategy.LIVE)
        adopted = declared.recoverable and not (leads or may_lead_again)
        user = MasterUser(username=settings.username, password=password) if adopted else None
        # A move has set the windows of both databases out of its way, and its end gives them back.
        settled = self._state.phase is Phase.STEADY
        final = final_snapshot_name(self._settings.name, slot, self._cidrs[slot], self._state.move_at_stake)
        return TenantDatabase(
            owner.prefix,
            TenantDatabaseArgs(
                owner=owner,
                subnet_ids=network.database_subnet_ids,
                security_group_id=network.database_security_group_id,
                source=self._source(declared.origin, user, source),
                on_delete=FinalSnapshot(final) if declared.recoverable else Nothing(),
                engine_version=settings.engine_version,
                instance_class=settings.instance_class,
                storage_gb=settings.storage_gb,
                iops=settings.iops,
                storage_throughput=settings.storage_throughput,
                multi_az=settings.multi_az,
                backup_retention_days=settings.backup_retention_days,
                backup_window=settings.backup_window if settled else None,
                maintenance_window=settings.maintenance_window if settled else None,
                parameters=settings.parameters,
                lifecycle=declared.lifecycle,
                read_only=declared.read_only,
                gtid=settings.gtid or self._declared.identified,
                kms_key_arn=self._platform.kms_key_arn,
                alarm_topic_arn=self._platform.alarm_topic_arn,
            ),
        )

    def _source(self, origin: Origin, user: MasterUser | None, replicated: TenantDatabase | None) -> Source:
        """user: None for a copy, which has its source's users."""
        match origin:
            case Origin.REPLICA if replicated:
                return ReplicaOf(replicated.arn)
            case Origin.SNAPSHOT:
                return Restored(move_snapshot_name(self._settings.name, self._state.move))
            case Origin.SEED:
                return Seed(seed_snapshot_name(self._settings.name, self._state.move))
            case Origin.LEAVING:
                return Leaving(user)
            case _:
                return Fresh(user) if user else Promoted()

    def _endpoint(self, database: TenantDatabase) -> EndpointRecord:
        return EndpointRecord(
            self._settings.name,
            EndpointRecordArgs(
                host_name=self._host_name, zone_id=self._platform.zone_id, target=database.address
            ),
        )

    def _tunnel_access(self) -> None:
        TunnelAccess(
            f"{self._settings.name}-tunnel",
            TunnelAccessArgs(owner=self._owner, host_name=self._host_name, users=self._settings.tunnel_users),
        )

    def _schedule(self) -> None:
        """Start the runner when its time has come, and remember when that is."""
        start, now = self._start, datetime.now(UTC)
        project, role_arn = self._platform.runner_project, self._platform.runner_schedule_role_arn
        if start is None or project is None or role_arn is None:
            return
        known: pulumi.Output[Any] = pulumi.Output.from_input(start.output())
        if start.at > now:
            timezone = self._settings.migration.timezone if self._settings.migration else "UTC"
            at = local_time(start, timezone, now)
            schedule = MigrationSchedule(
                f"{self._settings.name}-migration",
                MigrationScheduleArgs(owner=self._owner, at=at, project=project, role_arn=role_arn),
            )
            known = _after(schedule.arn, start.output())
        pulumi.export(OUTPUT, known)

    def _export(
        self,
        networks: Mapping[Slot, TenantNetwork],
        connections: Mapping[Slot, list[Mapping[str, Any]]],
        databases: Mapping[Slot, TenantDatabase],
        endpoint: EndpointRecord,
    ) -> None:
        production = databases[self._state.production]
        # What is remembered depends on all that it is about: a failed update keeps the former values.
        reached = pulumi.Output.all(endpoint.host_name, *(each.identifier for each in databases.values()))
        outputs: dict[str, Any] = {
            **{name: _after(reached, value) for name, value in outputs_of(self._state).items()},
            "cell": self._platform.cell,
            "region": self._platform.region,
            "platform": self._settings.platform,
            "endpoint": endpoint.host_name,
            "sessionSubnet": self._settings.session_subnet,
            "networks": {
                str(slot): {
                    "cidr": self._cidrs[slot],
                    "vpcId": network.vpc_id,
                    "pingHost": network.ping_host,
                    "pingHostId": network.ping_host_id,
                    "vpnConnections": connections[slot],
                }
                for slot, network in networks.items()
            },
            "database": {
                "identifier": production.identifier,
                "address": production.address,
                "port": MYSQL.to_port,
                "username": self._settings.database.username,
            },
        }
        if self._platform.claims_table != claims_table_name(self._platform.cell):
            outputs[CLAIMS_TABLE] = self._platform.claims_table
        if named := {name: row for name, row in self._rows.items() if row != name}:
            outputs[CLAIMS_NAMED] = named
        for name, value in outputs.items():
            pulumi.export(name, value)


def _after(reached: pulumi.Output[Any], value: object) -> pulumi.Output[object]:
    """`value`, once everything that `reached` represents is there."""
    return reached.apply(lambda _: value)
