"""Forms that change a tenant's settings file: each shows the difference, and then writes or commits it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

from starlette.datastructures import QueryParams
from tenantnet.console import words
from tenantnet.console.fields import NO, YES, Field
from tenantnet.phases.phases import DOWNTIME
from tenantnet.proposals.branch import find_branch, free_branch
from tenantnet.proposals.connections import add_connection, delete_connection
from tenantnet.proposals.moves import cancel_move, schedule_move
from tenantnet.proposals.networks import add_network, free_range
from tenantnet.proposals.proposal import Proposal
from tenantnet.refusal import Refusal, Refused
from tenantnet.runner.move import Move
from tenantnet.settings.checks import check_word
from tenantnet.settings.locking import edit_lock
from tenantnet.settings.models import MigrationSettings, TenantSettings
from tenantnet.settings.project import Project
from tenantnet.settings.store import read_tenant
from tenantnet.tags import USUAL_STRATEGY, Slot, Strategy

WRITE, COMMIT = "write", "commit"


def _nothing() -> Sequence[Refusal]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One change of a tenant's settings. proposed: what comes of what was filled in.

    foreseen: what is refused already, whatever is filled in. is_move: it schedules a move.
    """

    project: Project
    tenant: str
    title: str
    introduction: str
    fields: Sequence[Field]
    proposed: Callable[[QueryParams], Proposal]
    foreseen: Callable[[], Sequence[Refusal]] = _nothing
    is_move: bool = False

    @property
    def branch(self) -> Field:
        """Where a change goes that is to be a commit of its own."""
        topic = re.sub("[^a-z0-9]+", "-", self.title.lower())
        return Field(
            name="branch",
            label=words.Form.branch,
            hint=words.Form.branch_hint,
            value=free_branch(self.project, topic),
        )

    @property
    def is_filled(self) -> bool:
        """Whether there is nothing to fill in."""
        return all(each.kind == "hidden" for each in self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a form. proposal: None if it was refused, or nothing was asked yet.

    migration: the one that a form for a move proposes. is_outdated: it was to be written, and is not what was
    shown. commit: of the branch that it was written to, if any.
    """

    proposal: Proposal | None = None
    migration: MigrationSettings | None = None
    refusals: Sequence[Refusal] = ()
    is_written: bool = False
    is_outdated: bool = False
    commit: str = ""


def outcome(form: Form, given: QueryParams, *, is_sent: bool) -> Outcome:
    """Propose what was filled in, and write it if that was asked for and is what was shown."""
    if not is_sent and not form.is_filled:
        return Outcome(refusals=form.foreseen())
    is_wanted = is_sent and given.get("do") in {WRITE, COMMIT}
    found = Outcome()
    try:
        with edit_lock(form.project.settings_folder) if is_wanted else nullcontext():
            proposal = form.proposed(given)
            settings = proposal.settings()
            move = settings.migration if form.is_move and isinstance(settings, TenantSettings) else None
            found = Outcome(proposal=proposal, migration=move)
            return _written(form, given, found, proposal) if is_wanted else found
    except Refused as refused:
        return replace(found, refusals=refused.refusals)


def _written(form: Form, given: QueryParams, found: Outcome, proposal: Proposal) -> Outcome:
    """Write what was shown, and nothing else."""
    branch, commit = None, ""
    if given["do"] == COMMIT:
        branch = find_branch(form.project, _text(given, "branch"))
        proposal = branch.rebased(proposal)
    if given.get("shown") != proposal.fingerprint:
        return replace(found, proposal=proposal, is_outdated=True)
    if branch:
        commit = branch.commit(proposal, form.title)
    else:
        proposal.write()
    return replace(found, proposal=proposal, is_written=True, commit=commit)


def add_connection_form(project: Project, tenant: str) -> Form:
    """A VPN connection to a company."""
    _, settings = read_tenant(project, tenant)
    networks = {str(slot): f"{slot}, {network.cidr}" for slot, network in settings.networks.items()}
    return Form(
        project=project,
        tenant=tenant,
        title=words.AddConnection.title.format(tenant=tenant),
        introduction=words.AddConnection.introduction,
        fields=(
            Field(name="network", label=words.AddConnection.network, options=networks),
            Field(
                name="description",
                label=words.AddConnection.description,
                hint=words.AddConnection.description_hint,
            ),
            Field(
                name="companyCidr",
                label=words.AddConnection.company_cidr,
                hint=words.AddConnection.company_cidr_hint,
            ),
            Field(
                name="companyGatewayIp",
                label=words.AddConnection.gateway_ip,
                hint=words.AddConnection.gateway_ip_hint,
            ),
        ),
        proposed=lambda given: add_connection(
            project,
            tenant,
            company_cidr=_text(given, "companyCidr"),
            gateway_ip=_text(given, "companyGatewayIp"),
            description=_text(given, "description"),
            network=_slot(given),
        ),
    )


def delete_connection_form(project: Project, tenant: str) -> Form:
    """One VPN connection less."""
    return Form(
        project=project,
        tenant=tenant,
        title=words.DeleteConnection.title.format(tenant=tenant),
        introduction=words.DeleteConnection.introduction,
        fields=[Field(name=name, label=name, kind="hidden") for name in ("network", "company")],
        proposed=lambda given: delete_connection(project, tenant, _text(given, "company"), _slot(given)),
    )


def add_network_form(project: Project, tenant: str) -> Form:
    """A Test network."""
    _, settings = read_tenant(project, tenant)
    return Form(
        project=project,
        tenant=tenant,
        title=words.AddNetwork.title.format(tenant=tenant),
        introduction=words.AddNetwork.introduction,
        fields=(
            Field(
                name="cidr",
                label=words.AddNetwork.cidr,
                hint=words.AddNetwork.cidr_hint,
                value=free_range(project, settings),
            ),
            Field(
                name="vpnConnections",
                label=words.AddNetwork.connections,
                options={
                    YES: words.AddNetwork.with_connections,
                    NO: words.AddNetwork.without_connections,
                },
            ),
        ),
        proposed=lambda given: add_network(
            project, tenant, cidr=_text(given, "cidr"), copy_vpn=given.get("vpnConnections") != NO
        ),
    )


def schedule_form(project: Project, tenant: str) -> Form:
    """A move to the other network."""
    _, settings = read_tenant(project, tenant)
    return Form(
        project=project,
        tenant=tenant,
        title=words.ScheduleMove.title.format(tenant=tenant),
        introduction=words.ScheduleMove.introduction,
        fields=_move_fields(settings),
        proposed=lambda given: schedule_move(
            project,
            tenant,
            at=_text(given, "at"),
            timezone=_text(given, "timezone"),
            strategy=Strategy(_word(given, "strategy", [*Strategy])) if _text(given, "strategy") else None,
            retire_after=_text(given, "retireAfter"),
            without=given.getlist("without"),
        ),
        foreseen=lambda: [*Move.of(project, tenant).refuse_schedule(Strategy.REPLICA, ())],
        is_move=True,
    )


def _move_fields(settings: TenantSettings) -> Sequence[Field]:
    connections = [each for network in settings.networks.values() for each in network.vpn_connections]
    return (
        Field(name="at", label=words.ScheduleMove.at, kind="datetime-local"),
        Field(
            name="timezone",
            label=words.ScheduleMove.timezone,
            hint=words.ScheduleMove.timezone_hint,
            kind="zone",
        ),
        Field(
            name="strategy",
            label=words.ScheduleMove.strategy,
            options={"": USUAL_STRATEGY, **{str(each): f"{each}: {DOWNTIME[each]}" for each in Strategy}},
        ),
        Field(
            name="retireAfter",
            label=words.ScheduleMove.retire_after,
            hint=words.ScheduleMove.retire_after_hint,
            value="24h",
        ),
        Field(
            name="without",
            label=words.ScheduleMove.without,
            kind="several",
            options={each.description: f"{each.description}, {each.company_cidr}" for each in connections},
        ),
    )


def cancel_form(project: Project, tenant: str) -> Form:
    """No move after all."""
    return Form(
        project=project,
        tenant=tenant,
        title=words.CancelMove.title.format(tenant=tenant),
        introduction=words.CancelMove.introduction,
        fields=(),
        proposed=lambda _: cancel_move(project, tenant),
    )


def _text(given: QueryParams, name: str) -> str:
    return given.get(name, "").strip()


def _word(given: QueryParams, name: str, known: Sequence[str]) -> str:
    word = _text(given, name)
    if refusals := check_word(word, known):
        raise Refused("The form", [refusal.at(name) for refusal in refusals])
    return word


def _slot(given: QueryParams) -> Slot:
    return Slot(_word(given, "network", [*Slot]))
