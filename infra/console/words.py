"""Every text of the pages. They fill in what is in braces; tags are HTML.

Rules and failures stand where they are raised, as everywhere, and what commands say too where they have it.
"""

from __future__ import annotations

from collections.abc import Mapping

from tenantnet.phases.phases import Phase
from tenantnet.vpn.words import GENERIC, LIBRESWAN, STRONGSWAN


class Page:
    product = "Tenantnet"
    name = "Tenantnet console"
    to_tenants = "Go to the tenants"
    skip = "Skip to the content"
    pages = "Pages"
    time = "%Y-%m-%d %H:%M:%S UTC"
    since = "since {when}"
    read_at = "Read at {when}."
    edits = "Settings files are edited from here; no stack is updated."
    edits_nothing = "Nothing is changed from here."
    not_refreshed = "This page is not refreshed any more. Load it again to see why."
    none = "none"
    none_yet = "none yet"
    nobody = "nobody"
    yes = "yes"
    no = "no"


class Refusal:
    title = "{subject}: refused"
    rule = "Rule"
    reason = "Reason"
    remedy = "Remedy"


class Tenants:
    title = "Tenants"
    no_platform = "No platform named"
    of_platform = "All tenants of {platform} with their status"
    claims = "claims of {platform}"
    no_tenant = "It has no tenant yet."
    no_settings = (
        "This project has no settings files yet. <code>tenantnet tenant add</code> writes the first tenant's."
    )


class Platform:
    region = "Region {region}."
    tenants = "Tenants of {platform}"
    columns = ("Tenant", "Phase", "Networks", "Database", "Tunnels")
    unread = "{tenant} could not be read"
    why_unread = "Why {tenant} could not be read"


class Claims:
    title = "Claims of {platform}"
    name = "Claims"
    counts = "The claims table {table} has {rows} rows, {doubtful} of them doubtful."
    release = "<code>tenantnet claims audit {platform}</code> says how to release one."
    columns = ("CIDR", "Tenant", "Stack", "For", "Finding")
    missing = "Ranges without a claim"
    missing_columns = ("CIDR", "Stack", "For", "Finding")
    foreign = "Rows that Tenantnet has not written"
    foreign_columns = ("CIDR", "Row")


class Tenant:
    endpoint = "Endpoint"
    cell = "Cell"
    not_known_yet = "not known yet"
    phase = "Phase"
    networks = "Networks"
    networks_of = "Networks of {tenant}"
    networks_columns = ("Network", "CIDR", "Type", "Status", "Ping host", "VPC")
    add_network = "Add a network"
    databases = "Databases"
    databases_of = "Databases of {tenant}"
    databases_columns = ("Network", "Identifier", "Status", "At RDS", "Address")
    connections = "VPN connections"
    connections_of = "VPN connections of {tenant}"
    connections_columns = (
        "Description",
        "Network",
        "Company CIDR",
        "Company gateway",
        "Status",
        "Tunnels",
        "For the company",
    )
    leaving = ", to be deleted"
    planned = "in the settings; the next update creates it"
    guide = 'Guide<span class="unseen"> for {place}, {network}</span>'
    no_guide = "no guide yet"
    delete = 'Delete<span class="unseen"> {place}, {network}</span>'
    add_connection = "Add a VPN connection"
    look = (
        'What to look at, in order: <a href="/pages/vpn.md#when-a-tunnel-is-down">When a tunnel is DOWN</a>.'
    )


class Guide:
    title = "Guide for {place}"
    about = (
        "The VPN connection {connection.id} of {tenant}'s network {connection.network}: company"
        " {connection.company_cidr}, gateway {connection.company_gateway_ip}."
    )
    read_only = (
        "This console is read-only: <code>tenantnet vpn download {tenant} {connection}</code> writes the"
        " guide."
    )
    device = "For which device"
    download = "Download the guide"
    has_keys = (
        "The guide contains both pre-shared keys. Give it to the company on a way that nobody else reads, and"
        " delete it here."
    )


GUIDE_FORMATS: Mapping[str, str] = {
    GENERIC: "a text for people",
    STRONGSWAN: "files for strongSwan",
    LIBRESWAN: "files for Libreswan",
}


class Move:
    name = "Move"
    title = "Move of {tenant}"
    migration = "Migration"
    status = "{status}; phase {phase}"
    starts = "The platform's runner starts"
    number = "Move {move}"
    way = "to {target}, by {strategy}"
    aborted = "none (aborted)"
    step = ", step {step} of {steps}"
    at_work = "At work"
    taken_back = "Taken back by"
    held_back = "Writes are held back"
    lag = "Lag"
    compared = "Compared"
    expected = "Expected"
    measured = "The gap by its parts"
    downtime = "Writes were held back"
    seconds = "{seconds} s"
    phases = "Phases"
    now = " (now)"
    before = "what was there before the move"
    course = "Course"
    picture = "Picture of move {move}"
    events = "What happened"
    events_columns = ("Time", "Event", "Phase", "Seconds", "Note")
    cancel = "Cancel a scheduled move"


# As docs/concepts.md has them.
PHASES: Mapping[Phase, str] = {
    Phase.STEADY: "no move is under way",
    Phase.REPLICATING: "the target's database is a replica, which follows the source",
    Phase.FOLLOWING: "the target's database is a copy, which follows the source until the cut",
    Phase.FENCED: "writes are held back, or about to be; the target catches up, and is compared",
    Phase.PROMOTED: "writes are held back: the replica is a database of its own, and the data is compared",
    Phase.RESTORED: "writes are held back: the target's database is restored, and the data is compared",
    Phase.SWITCHED: "clients write to the target; the former production database waits, read-only",
    Phase.RETIRING: "the former production database is given up, with its network; a snapshot stays",
    Phase.ABORTING: "the move is taken back: clients write to the source, and the copy is deleted",
}


class Topology:
    name = "Topology"
    title = "Topology of {tenant}"
    picture = "Picture of {tenant}"


class Drift:
    name = "Drift"
    title = "Drift of {tenant}"
    about = (
        "What is in AWS and not in the stack of {tenant}, or the other way round. Nothing is changed; it"
        " takes about a minute."
    )
    none = "There is no difference."
    read_only = "This console is read-only: <code>tenantnet fleet drift {tenant}</code> compares."
    compare = "Compare with AWS"


class Isolation:
    name = "Isolation"
    title = "Isolation of {tenant}"
    about = (
        "What can reach what, from routes, network ACLs and security groups, against what is intended, for"
        " every pair of places of which one belongs to {tenant}. No traffic is sent, and nothing is changed."
    )
    good = "All {pairs} pairs of places are as intended."
    faulty = "{faulty} of {pairs} pairs of places are not as intended."
    faults = "Not as intended"
    faults_columns = ("From", "To", "Finding")
    remedy = (
        "A route, a peering or a rule was added or removed, or an update is not complete: the"
        ' <a href="{drift}">drift</a> names what differs from the stack.'
    )
    passes = "What passes"
    passes_columns = ("From", "To", "Passes")
    tunnels = "This counts routes and rules, and not whether tunnels are UP."
    read_only = "This console is read-only: <code>tenantnet isolation check {tenant}</code> checks."
    check = "Check at AWS"


class Tunnels:
    title = "Tunnels"
    about = (
        "A tunnel leads from a port of this machine to a tenant's database. A MySQL client connects to the"
        " local address, and <code>tenantnet open TENANT</code> prints the whole command. Tunnels stay open"
        " when the console ends."
    )
    not_open = "Not every tunnel is open."
    yours = "Your tunnels"
    columns = ("Tunnel", "Local address", "State", "Connects automatically")
    actions = ("Actions",)
    address = "localhost:{port}"
    stopped = "does not run"
    start = "Start"
    stop = "Stop"
    by_hand = "Connect by hand"
    automatic = "Connect automatically"
    remove = "Remove"
    nothing = "You have no tunnels yet."
    read_only = "This console is read-only: <code>tenantnet tunnel start NAME</code> opens a tunnel."
    start_automatic = "Start those that connect automatically"
    no_login = (
        "This system opens no tunnels at login by itself. Let your desktop run this there:"
        " <code>tenantnet tunnel start --keep-trying</code>"
    )
    at_login = "Those that connect automatically open at every login."
    uninstall = "Open none at login"
    not_at_login = "No tunnels open at login."
    install = "Connect automatically at login, and now"
    new = "Add a tunnel"
    add = "Add the tunnel"
    tenant = "Tenant"
    port = "Port on this machine"
    port_hint = "Where a MySQL client connects to. Each tunnel has its own."
    other_port = "end that process, or add {tenant} once more with another port, under Add a tunnel"
    is_by_hand = "no"
    is_automatic = "yes, when the tunnels are started together, and at login"


class Form:
    outdated = (
        "Nothing was written: the settings, the form or the branch are not those of the difference that was"
        " shown. This is the difference now."
    )
    show = "Show the difference"
    changes = "What changes in {place}"
    left_to_do = "What is left to do then"
    write = "Write it to {place}"
    or_commit = "Or leave the file, and make a commit"
    commit = "Commit it to the branch"
    branch = "Branch"
    branch_hint = "A new branch begins at the commit that is checked out. What you have not committed stays."


class Written:
    written = "{place} was written"
    committed = "{place} was committed"
    next = "What comes next"
    commit = (
        "It is commit {commit} of the branch {branch}. The file in your working tree is as it was, and no"
        " stack was updated. This sends the branch to where it is reviewed:"
    )
    push = "The command"
    push_command = "git push --set-upstream origin {branch}"
    merged = "When it is merged and in your working tree:"
    update = "No stack was updated. This does it, after a review where your repository asks for one:"
    up = "The command that updates the stack"
    up_command = "tenantnet up {tenant}"


class AddConnection:
    title = "Add a VPN connection to {tenant}"
    introduction = "A company's VPN device reaches one network by one connection, which has two tunnels."
    network = "Network"
    description = "Description"
    description_hint = "What people call the place, such as Seattle office."
    company_cidr = "The company's network behind its gateway"
    company_cidr_hint = "Private, such as 192.168.4.0/24."
    gateway_ip = "Public address of the company's VPN device"
    gateway_ip_hint = "IPv4, such as 198.51.100.7."


class DeleteConnection:
    title = "Delete a VPN connection of {tenant}"
    introduction = "The company no longer reaches the network. A new connection has other keys."


class AddNetwork:
    title = "Add a network to {tenant}"
    introduction = "A database moves to the tenant's other network. At first it is a Test network."
    cidr = "Range"
    cidr_hint = "A private /26. The one shown here at first is free."
    connections = "VPN connections"
    with_connections = "with a new VPN connection for each company of the other network"
    without_connections = "without VPN connections"


class ScheduleMove:
    name = "Schedule a move"
    title = "Schedule a move of {tenant}"
    introduction = "The database moves to the tenant's other network, and its endpoint's name with it."
    at = "Date and time at which writes are held back"
    timezone = "Time zone of that time"
    timezone_hint = "Such as Europe/Amsterdam."
    strategy = "Strategy"
    retire_after = "How long the former database waits before it is deleted"
    retire_after_hint = "1h to 30d."
    without = "Companies that stay behind: they lose the database at the switch"
    what_happens = "What happens"
    # When it is, and what happens then.
    prepared = ("From", "{when}: the move is prepared, and clients notice nothing.")
    held_back = (
        "At",
        "{when}: writes are held back, with {downtime} expected. Then clients write to {network}.",
    )
    afterwards = (
        "Afterwards",
        "the former database waits, read-only, for {retire_after}; then it is deleted with its network, and a"
        " snapshot stays.",
    )
    staying = "Without a connection to {network}"


class CancelMove:
    title = "Cancel the move of {tenant}"
    introduction = "A move that has not begun is taken out of the settings."
