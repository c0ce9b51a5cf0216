"""The rules of a move in words."""

from __future__ import annotations

from tenantnet.refusal import Rule

OUTPUTS_READABLE = Rule(
    id="outputs-readable",
    rule="{key} is {expected}",
    reason="the stack's outputs say which database is in production, and nothing is declared on a guess",
    remedy="compare with `pulumi stack history` and `tenantnet status`; if a later version of the program "
    "updated the stack, use that version",
)
OUTPUTS_CONSISTENT = Rule(
    id="outputs-consistent",
    rule="phase, strategy, target and move belong together",
    reason="{problem}; nothing is declared on a guess",
    remedy="compare with `pulumi stack history` and `tenantnet status`; if a later version of the program "
    "updated the stack, use that version",
)

FIRST_NETWORK = Rule(
    id="first-network",
    rule="a new tenant starts with one network",
    reason="the first network becomes Production, and with two it would be a guess which",
    remedy="deploy one of them first, then add the other as its Test network",
)
PRODUCTION_KEPT = Rule(
    id="production-kept",
    rule="the network in production cannot be deleted",
    reason="{slot} holds the tenant's database, and the endpoint leads there",
    remedy="put networks.{slot} back; to remove it, move the database first",
)
MOVE_NETWORK_KEPT = Rule(
    id="move-network-kept",
    rule="a network that takes part in a move stays in the settings until the move is over",
    reason="the move needs {slot} in phase {phase}",
    remedy="put networks.{slot} back; {end}",
)
RETIRED_NETWORK = Rule(
    id="retired-network",
    rule="a move leads to a network that is deployed or about to be",
    reason="the last move gave up {slot} with {cidr}, and the settings still name it",
    remedy="remove networks.{slot}, update the stack, and add it again, with the same range or another",
)
CIDR_KEPT = Rule(
    id="cidr-kept",
    rule="the range of a network that holds the database, or takes part in a move, does not change",
    reason="{slot} has {cidr}, and another range means another network, without the database",
    remedy="put {cidr} back; to change the range, move the database to a network that has it",
)
USERNAME_KEPT = Rule(
    id="username-kept",
    rule="a database's first user stays what it is",
    reason="RDS names that user once, as it makes the database, and this one has {current}: with another "
    "name there would be another database, an empty one",
    remedy="put {current} back; {current} makes further users in MySQL, with CREATE USER",
)
PLATFORM_KEPT = Rule(
    id="platform-kept",
    rule="a tenant stays on its platform",
    reason="its database is encrypted with the key of {current}, which also has its claims: on another "
    "platform there would be another database, an empty one",
    remedy="put {current} back; to change the platform, add a new tenant there, copy the data, and remove "
    "this tenant",
)
REGION_KEPT = Rule(
    id="region-kept",
    rule="a platform stays in its region",
    reason="its networks, its key and the claims of its tenants are in {current}, and would be left behind",
    remedy="put {current} back; for another region, add another platform",
)
RETIRING_BETWEEN_MOVES = Rule(
    id="retiring-between-moves",
    rule="a tenant is removed between moves",
    reason="phase {phase} of move {move} still needs its databases protected",
    remedy="put retiring: false; {end}",
)

RUNNER_ONLY = Rule(
    id="runner-only",
    rule="in phase {phase} only the migration runner updates the stack",
    reason="move {move} to {target} is between two steps, and writes are held back or about to be",
    remedy="wait for it (`tenantnet migrate status`); if nothing runs, `tenantnet migrate run` goes on with "
    "it and `tenantnet migrate abort` takes it back",
)
SWITCH_RECORDED = Rule(
    id="switch-recorded",
    rule="between the decision about a move and the phase that follows from it only the migration runner "
    "updates the stack",
    reason="the {decision} of move {move} is decided, and the stack still says {phase}: an update could undo "
    "what the runner has done since",
    remedy="wait for it (`tenantnet migrate status`); if nothing runs, `tenantnet migrate run` carries the "
    "decision out",
)
LEFTOVERS = Rule(
    id="leftovers",
    rule="what a move has begun to create is either used or removed",
    reason="{slot} has a copy of a move whose preparation was interrupted, and it is protected",
    remedy="`tenantnet migrate run` goes on with the move, `tenantnet migrate abort` removes the copy",
)
RUN_AT_WORK = Rule(
    id="run-at-work",
    rule="a step of a move is left to the run that works on it",
    reason="{who} works on the move to {target}, since {since} UTC; the tenant is in phase {phase}",
    remedy="wait: `tenantnet migrate status` shows how far it is; if that run was killed, "
    "`tenantnet migrate run` sees it within a minute, and goes on",
)
STEP_IN_ORDER = Rule(
    id="step-in-order",
    rule="an update repeats the phase that the stack remembers or takes the next step from it",
    reason="the stack is in {recorded}, and {requested} does not follow: another run was at work meanwhile",
    remedy="start again: `tenantnet migrate run` reads the phase and goes on from there",
)
DECISION_STANDS = Rule(
    id="decision-followed",
    rule="an update carries out what was decided about its move",
    reason="the {decision} of move {move} is decided, and {requested} would contradict it",
    remedy="start again: `tenantnet migrate run` reads the decision and carries it out",
)
EVENT_IN_PHASE = Rule(
    id="event-in-phase",
    rule="{event} is possible in: {phases}",
    reason="the tenant is in phase {phase}",
    remedy="`tenantnet migrate status` shows how far the move is, `tenantnet migrate run` goes on with it",
)
ABORT_A_MOVE = Rule(
    id="abort-a-move",
    rule="there is something to abort",
    reason="no move is under way, and nothing is left of one",
    remedy="nothing has to be done; to take back a move that is only scheduled: `tenantnet migrate cancel`",
)
ABORT_BEFORE_THE_SWITCH = Rule(
    id="abort-before-the-switch",
    rule="a move can be aborted before the switch, not after it",
    reason="{target} has been opened for writes, which {source} does not have",
    remedy="let it finish (`tenantnet migrate run`), and move to {source} then; or, after a move by live, "
    "`tenantnet migrate rollback`",
)
LAST_COPY = Rule(
    id="last-copy",
    rule="a move is taken back to a database that lives",
    reason="RDS has lost {source}, and {target} has all that it had when writes were held back",
    remedy="`tenantnet migrate run --without-source` leads clients to {target}; if RDS brings {source} back, "
    "abort again",
)
NOT_SWITCHED = Rule(
    id="not-switched",
    rule="{event} is possible after the switch of a move",
    reason="no move is under way that has switched: the tenant is in phase {phase}",
    remedy="{way}",
)
WAY_BACK = Rule(
    id="way-back",
    rule="clients are led back after the switch of a move by live, until the retirement",
    reason="this move is by {strategy}, in phase {phase}: no former production follows that has what was "
    "written since",
    remedy="let the move finish (`tenantnet migrate retire`), then move back",
)
NO_WAY_ON = Rule(
    id="no-way-on",
    rule="a move that was aborted does not go on",
    reason="the abort of move {move} has begun, and {source} may have taken writes that {target} lacks",
    remedy="finish the abort (`tenantnet migrate abort`), then schedule the move again",
)
