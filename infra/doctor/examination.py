"""Looks at everything, in the order in which an update would need it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from tenantnet.aws.answers import aws_answers
from tenantnet.doctor import account, machine, names, quotas, region, runner, secrets
from tenantnet.doctor.finding import Finding, Planned, State
from tenantnet.failure import Failure

# AWS's codes for a caller who may not, and for one who is to ask later.
NOT_TOLD = (
    "AccessDenied",
    "UnauthorizedOperation",
    "Throttl",
    "RequestLimitExceeded",
    "TooManyRequests",
    "ServiceUnavailable",
)
Check = Callable[[Planned], Iterator[Finding]]
OF_THE_MACHINE: dict[str, Check] = {
    "Pulumi": machine.engine,
    "plugins": machine.plugins,
    "state": secrets.backend,
    "settings": machine.settings,
}
OF_THE_ACCOUNT: dict[str, Check] = {
    "permissions": account.permissions,
    "region": region.zones,
    "MySQL": region.database_offers,
    "hosts": region.host_offers,
    "quotas": quotas.quotas,
    "zone": names.zone,
    "secrets": secrets.providers,
    "runner": runner.image,
}


def examine(planned: Planned) -> Iterator[Finding]:
    """What is there and what is missing. Nothing is changed.

    Without credentials that AWS takes, the account is not looked at.
    """
    for about, check in OF_THE_MACHINE.items():
        yield from tried(about, check, planned)
    identity = list(tried("identity", account.identity, planned))
    yield from identity
    if any(finding.state is State.FAULT and finding.about == "identity" for finding in identity):
        return
    yield from chain.from_iterable(tried(about, check, planned) for about, check in OF_THE_ACCOUNT.items())


def tried(about: str, check: Check, planned: Planned) -> Iterator[Finding]:
    """What a check finds, and where it ends early, why."""
    try:
        with aws_answers("ask", region=planned.region):
            yield from check(planned)
    except Failure as failure:
        # Who may not look, or not now, has found nothing out.
        state = State.WARNING if any(code in failure.reason for code in NOT_TOLD) else State.FAULT
        yield Finding(about=about, state=state, found=failure.reason, remedy=failure.remedy)
