"""A person's tunnels as a page: what it shows, and what its buttons do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain, count

from starlette.datastructures import QueryParams
from tenantnet.console import words
from tenantnet.console.fields import NO, YES, Field, by_field
from tenantnet.failure import Failure
from tenantnet.refusal import Refusal, Refused
from tenantnet.settings.checks import check_word
from tenantnet.settings.project import Project, is_platform
from tenantnet.tunnel import at_login
from tenantnet.tunnel.behind import start_behind, stop
from tenantnet.tunnel.local_port import LOCAL_PORT_RANGE, require_free
from tenantnet.tunnel.plugin import find_plugin
from tenantnet.tunnel.profiles import Profile, Profiles, unknown_tunnel
from tenantnet.tunnel.records import KeeperState, Record, TunnelRecords
from tenantnet.tunnel.tenants import profile_of_tenant
from tenantnet.tunnel.together import check_startable

FIRST_PORT = 2201
ADD = "add"


def own_tunnels(
    project: Project, given: QueryParams, refusals: Sequence[Refusal] = ()
) -> Mapping[str, object]:
    """Profiles and what runs, by name, and the form that adds a tunnel, with what was given and refused."""
    profiles, records = Profiles().all(), TunnelRecords().all()
    fields = _fields(project, profiles, records)
    return {
        "profiles": profiles,
        "records": records,
        "waiting": _waiting(),
        "at_login": _at_login(),
        "fields": fields,
        "given": given,
        "refusals": by_field(fields, refusals),
    }


def _fields(
    project: Project, profiles: Mapping[str, Profile], records: Mapping[str, Record]
) -> Sequence[Field]:
    # A tunnel of another shell's may have no profile, or another port than its profile.
    running = (each.profile for each in records.values())
    taken = {each.local_port for each in chain(profiles.values(), running)}
    free = next(port for port in count(FIRST_PORT) if port not in taken)
    return (
        Field(name="tenant", label=words.Tunnels.tenant, options={each: each for each in _tenants(project)}),
        Field(
            name="localPort",
            label=words.Tunnels.port,
            hint=words.Tunnels.port_hint,
            value=str(free),
        ),
        Field(
            name="automatic",
            label=words.Tunnels.automatic,
            options={NO: words.Tunnels.is_by_hand, YES: words.Tunnels.is_automatic},
        ),
    )


def _tenants(project: Project) -> Sequence[str]:
    return [each for each in project.stacks_with_settings() if not is_platform(each)]


def act(project: Project, given: QueryParams) -> str:
    """Do what a button asks for. What was said, if a tunnel was to be started and is not open.

    Raises Refused and Failure as the commands do.
    """
    do, name = given.get("do", ""), given.get("tunnel", "")
    if do == ADD:
        return _add(project, given)
    if refusals := check_word(do, [ADD, *_ACTIONS]):
        raise Refused("The form", refusals)
    return _ACTIONS[do](name)


def _add(project: Project, given: QueryParams) -> str:
    tenant, typed = given.get("tenant", ""), given.get("localPort", "").strip()
    refusals = [each.at("tenant") for each in check_word(tenant, _tenants(project))]
    if not re.fullmatch("[0-9]{1,5}", typed):
        refusals.append(LOCAL_PORT_RANGE.refuse(typed, "localPort"))
    if refusals:
        raise Refused("The tunnel", refusals)
    profiles, port = Profiles(), int(typed)
    profiles.require_place(tenant, port)
    found = profile_of_tenant(project, tenant, name=tenant, local_port=port)
    profiles.put(found.model_copy(update={"automatic": given.get("automatic") == YES}))
    return ""


def _start(names: Sequence[str]) -> str:
    records, known = TunnelRecords(), Profiles().all()
    profiles = [_named(name, known) for name in names]
    check_startable(profiles, records)
    find_plugin()
    if not names:
        return ""
    found, said = start_behind(names, records)
    states = {record.profile.name: record.state for record in found}
    for each in profiles:
        if each.name not in states:
            _require_free(each)
    return "" if [*states.values()].count(KeeperState.OPEN) == len(names) else said


def _require_free(profile: Profile) -> None:
    """As the keeper of a tunnel does, with the way out that this page has."""
    try:
        require_free(profile.name, profile.local_port)
    except Failure as taken:
        remedy = words.Tunnels.other_port.format(tenant=profile.name)
        raise Failure(taken.what, reason=taken.reason, remedy=remedy) from None


def _stop(name: str) -> str:
    records = TunnelRecords()
    # Another page or shell may have stopped it meanwhile.
    if record := records.all().get(name):
        stop(records, record)
    return ""


def _connect_automatically(name: str, *, wanted: bool) -> str:
    profiles = Profiles()
    profiles.put(_named(name, profiles.all()).model_copy(update={"automatic": wanted}))
    return ""


def _remove(name: str) -> str:
    Profiles().remove(name)
    return ""


def _waiting() -> Sequence[str]:
    """The automatic ones that do not run, or were lost."""
    records = TunnelRecords().all()
    running = {name for name, record in records.items() if record.state is not KeeperState.LOST}
    return [each.name for each in Profiles().all().values() if each.automatic and each.name not in running]


def _at_login() -> bool | None:
    """Whether the automatic ones open at login; None where they cannot."""
    try:
        return at_login.own_service().path.exists()
    except Refused:
        return None


def _install() -> str:
    at_login.install(at_login.own_service())
    return ""


def _uninstall() -> str:
    # Another page or shell may have taken it away meanwhile.
    if (service := at_login.own_service()).path.exists():
        at_login.uninstall(service)
    return ""


def _named(name: str, known: Mapping[str, Profile]) -> Profile:
    if name not in known:
        raise unknown_tunnel(name, known)
    return known[name]


_ACTIONS: Mapping[str, Callable[[str], str]] = {
    "start": lambda name: _start([name]),
    "start-automatic": lambda _: _start(_waiting()),
    "stop": _stop,
    "automatic": partial(_connect_automatically, wanted=True),
    "by-hand": partial(_connect_automatically, wanted=False),
    "remove": _remove,
    "install": lambda _: _install(),
    "uninstall": lambda _: _uninstall(),
}
