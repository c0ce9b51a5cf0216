"""The rules of the settings files in words; the rules about addresses are in addresses.addressing."""

from __future__ import annotations

from tenantnet.aws.storage import STRIPED_GIB
from tenantnet.refusal import Rule

MIN_PASSWORD, MAX_PASSWORD = 9, 41
MIN_STORAGE_GB, MAX_STORAGE_GB = 20, 65_536
MIN_BACKUP_DAYS, MAX_BACKUP_DAYS = 7, 35
MAX_DESCRIPTION = 255
MAX_ALARM_EMAILS = 10
MAX_FILE_BYTES = 1_000_000
# AWS's default quota "VPN connections per virtual private gateway".
# https://docs.aws.amazon.com/vpn/latest/s2svpn/vpn-limits.html
MAX_VPN_CONNECTIONS = 10
# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
MAX_TAGS = 40
# A zone has 10 at most.
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeTagsForResource.html
MAX_PLATFORM_TAGS = 8
# A network ACL has 20 rules for each direction by default, and a session subnet's has others besides.
# https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
MAX_SHARED_SUBNETS = 8

# The shape of a file

KEY_KNOWN = Rule(
    id="key-known",
    rule="the settings have only known keys: {known}",
    reason="Tenantnet cannot set this, and ignoring the key would hide a mistake",
    remedy="correct or remove it{hint}",
)
KEY_FIXED = Rule(
    id="key-fixed",
    rule="what is the same for every tenant is not set",
    reason="{key} cannot be set: {why}",
    remedy="remove it; what cannot be set, and why: fixed.md, beside the page that `tenantnet --version` "
    "names",
)
KEY_GIVEN = Rule(
    id="key-given",
    rule="{key} is given",
    reason="no default fits everybody",
    remedy="add {key}",
)
WORD_KNOWN = Rule(
    id="word-known",
    rule="the value is one of {known}",
    reason="no other value has a meaning here",
    remedy="write one of them{hint}",
)
VALUE_TYPE = Rule(
    id="value-type",
    rule="the value is {expected}",
    reason="YAML read {found}, and a conversion could be wrong",
    remedy="write {expected}",
)
ENTRY_ONCE = Rule(
    id="entry-once",
    rule="a list has each entry once",
    reason="{value} is there already, and a second one adds nothing",
    remedy="remove one of the two",
)

# Names

_NAME = "2 to 20 of a-z, 0-9 and single '-', starts with a letter and does not end with '-'"

TENANT_NAME = Rule(
    id="tenant-name",
    rule=f"a tenant's name has {_NAME}",
    reason="it becomes a label of the endpoint's DNS name and the start of every AWS name of the tenant; "
    "RDS takes no '--', and the longest of those names must fit its limit",
    remedy="choose such a name; an existing stack is renamed together with its file Pulumi.<name>.yaml",
)
TENANT_NAME_FREE = Rule(
    id="tenant-name-free",
    rule="a tenant's name is not platform, does not start with platform-, is not blue or green and does not "
    "end with -blue or -green, and is not the name of its cell",
    reason="its resources would have the names of {other}",
    remedy="choose another name for the stack, and with it for the file Pulumi.<name>.yaml",
)
PLATFORM_NAME = Rule(
    id="platform-name",
    rule=f"a platform's stack is named platform-<cell>; a cell's name has {_NAME}",
    reason="tenants find their platform by it, and the cell's name starts every AWS name of the platform",
    remedy="write for example platform-eu1",
)
ZONE_NAME = Rule(
    id="zone-name",
    rule="a zone's name is a DNS name in lower case, of two labels at least and 200 characters at most, "
    "without a dot at the end",
    reason="tenants' endpoints are <tenant>.<zone>, and Route 53 stores no other spelling",
    remedy="write for example db.example.com",
)
AWS_ID = Rule(
    id="aws-id",
    rule="an id of this kind is written {form}",
    reason="AWS would find no other",
    remedy="copy the id from the AWS console or from the stack that made it, for example {example}",
)
SERVICES_TOGETHER = Rule(
    id="services-together",
    rule="vpcId, subnetId and routeTableId are set together or not at all",
    reason="an existing services network is used as it is, and {missing} would be missing",
    remedy="add {missing}, or remove {given} and let the platform make its own",
)

# The runner of moves

AWS_ARN = Rule(
    id="aws-arn",
    rule="an ARN of this kind is written {form}",
    reason="the runner's role may use exactly what the ARN names, and AWS would find nothing by another one",
    remedy="copy the ARN from the AWS console",
)
RUNNER_REPOSITORY = Rule(
    id="runner-repository",
    rule="a repository is an https:// address of printable ASCII characters, without user, password and "
    "blanks",
    reason="CodeBuild clones it by that address, and everybody who may read the CodeBuild project sees it",
    remedy="write for example https://github.com/example/tenants.git; access is given by connectionArn",
)
RUNNER_VERSION = Rule(
    id="runner-version",
    rule="a version is a branch, tag or commit: 1 to 200 of a-z, A-Z, 0-9 and . _ / -, the first of them "
    "neither '-' nor '/'",
    reason="git checks out nothing else",
    remedy="write for example main",
)
RUNNER_IMAGE = Rule(
    id="runner-image",
    rule="an image is a container image's name with its tag or digest, without blanks",
    reason="CodeBuild starts the runner in it, and an image without a tag changes over time",
    remedy="build one from tools/runner/Dockerfile and name it with its digest, for example "
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com/tenantnet-runner@sha256:0123...",
)
RUNNER_BACKEND = Rule(
    id="runner-backend",
    rule="a backend is s3://bucket, with a path, region and awssdk where it has them, or the https:// "
    "address of a Pulumi service",
    reason="the runner reads and writes the same state as everybody else, and its role allows just that",
    remedy="write what `pulumi whoami --verbose` shows as backend, for example s3://example-pulumi-state",
)
RUNNER_CONNECTION = Rule(
    id="runner-connection",
    rule="a repository at CodeCommit has no connectionArn",
    reason="the runner's role reads it, so the connection would not be used",
    remedy="remove connectionArn, or name the host that the connection is for",
)

RUNNER_SECRET = Rule(
    id="runner-secret",
    rule="a runner with s3:// has secretArn, secretsKeyArn or both, and any other has secretArn",
    reason="stacks in a bucket are encrypted with a passphrase, which is in the secret, or with a KMS key; "
    "a Pulumi service is asked with an access token, which is in the secret",
    remedy="name the secret with the passphrase or the token, or the key that the stacks were made with: "
    "--secrets-provider awskms://KEY",
)
CELLS_APART = Rule(
    id="cells-apart",
    rule="no cell's name begins with another cell's name and a hyphen",
    reason="names in AWS begin with the cell's, so what belongs to {other} could be taken for this one's, "
    "and the permissions of the one would reach the other",
    remedy="choose a name without the other in front, such as eu2 beside eu1",
)

# Platform ranges

PLATFORM_RANGE_RESERVED = Rule(
    id="platform-range-reserved",
    rule="the {purpose} range lies inside a range that is reserved for {purpose}: {reserved}",
    reason="elsewhere tenants and companies could get the same addresses",
    remedy="choose a range inside {reserved}, or reserve it for {purpose} in Pulumi.yaml under "
    "tenantnet:reservedRanges",
)
PLATFORM_RANGE_SIZE = Rule(
    id="platform-range-size",
    rule="the {purpose} range is a /16 to a /{smallest}",
    reason="AWS takes no VPC larger than a /16, and {needed} must fit in",
    remedy="choose a range of such a size",
)
PLATFORM_RANGES_APART = Rule(
    id="platform-ranges-apart",
    rule="the services and the sessions range do not overlap",
    reason="every tenant network is peered with both and could not distinguish them; {other} overlaps",
    remedy="choose another range for one of the two",
)
SHARED_SUBNETS_COUNT = Rule(
    id="shared-subnets-count",
    rule=f"the sessions network has at most {MAX_SHARED_SUBNETS} shared subnets",
    reason="each is a rule of every session subnet's network ACL, and AWS's default quota is 20 rules",
    remedy="join neighbouring subnets into one range",
)
SHARED_SUBNET_INSIDE = Rule(
    id="shared-subnet-inside",
    rule="a shared subnet lies inside {sessions}, the range of the sessions network",
    reason="addresses outside it are not closed to sessions in the first place; routes decide there",
    remedy="remove it, or write a range inside {sessions}",
)
SHARED_SUBNETS_APART = Rule(
    id="shared-subnets-apart",
    rule="the shared subnets do not overlap",
    reason="{other} has {cidr} already",
    remedy="remove one of the two",
)

# The database

PARAMETER_KNOWN = Rule(
    id="parameter-known",
    rule="a parameter is one of {known}",
    reason="Tenantnet or RDS sets the others, or they weaken TLS, passwords or durability, or stop a move, "
    "or MySQL has none of that name",
    remedy="leave it at RDS's default{hint}",
)
PARAMETER_VALUE = Rule(
    id="parameter-value",
    rule="{name} is {values}",
    reason="RDS or MySQL accepts nothing else",
    remedy="write such a value; words that YAML takes for true or false, such as ON, in quotes",
)
COLLATION_FITS = Rule(
    id="collation-fits",
    rule="collation_server is a collation of the character set that character_set_server names",
    reason="with another one the server does not start any more, at its next restart or as a move's copy; "
    "this one is of {own}, and the character set is {given}{whose}",
    remedy="set character_set_server: {own}, or a collation of {given}",
)
USERNAME = Rule(
    id="username",
    rule="a database username has 1 to 16 of a-z, A-Z, 0-9 and '_' and starts with a letter",
    reason="RDS for MySQL accepts no other name for its master user",
    remedy="choose a name of that form, for example acmeadmin",
)
USERNAME_FREE = Rule(
    id="username-free",
    rule="a database username is not a word that {owner} reserves",
    reason="RDS refuses it, and only after the network has been created",
    remedy="choose another name, for example acmeadmin",
)
_MADE_OR_SET = (
    "`tenantnet up {stack} --create` makes one at random, and the stack where there is none, and asks before "
    "it deploys; one of your own: pulumi config set --secret tenantnet:databasePassword --stack {stack}"
)
PASSWORD_GIVEN = Rule(
    id="password-given",
    rule="a tenant has a database password",
    reason="RDS creates no database without one",
    remedy=_MADE_OR_SET,
)
PASSWORD = Rule(
    id="password",
    rule=f"a database password has {MIN_PASSWORD} to {MAX_PASSWORD} printable ASCII characters, "
    "none of them a blank, '/', '\"' or '@'",
    reason="RDS for MySQL accepts none that is longer or has one of these, and a brief one is easy to guess; "
    "this one {problem}",
    remedy="set another one: pulumi config set --secret tenantnet:databasePassword --stack TENANT",
)
PASSWORD_ENCRYPTED = Rule(
    id="password-encrypted",
    rule="the file contains the database password encrypted only",
    reason="the file is kept in git, and everybody who may read it would see the password",
    remedy=f"remove it, because it is known now: {_MADE_OR_SET}",
)
INSTANCE_CLASS = Rule(
    id="instance-class",
    rule="a database's instance class is one that RDS offers for MySQL: {offered}",
    reason="RDS refuses any other, and only after the network has been created",
    remedy="choose one of them, for example db.t4g.small{hint}",
)
STORAGE = Rule(
    id="storage",
    rule=f"a database's storage is a whole number of GiB from {MIN_STORAGE_GB} to {MAX_STORAGE_GB}",
    reason="RDS for MySQL offers that with gp3 storage",
    remedy="write a number, without quotes and unit, for example 100",
)
ENGINE_VERSION = Rule(
    id="engine-version",
    rule="a database's engine version is one of {known}",
    reason="Tenantnet was tried with no other major version; a change to another one is an upgrade that RDS "
    "never takes back, and that neither an update nor a move does",
    remedy='write "{usual}", in quotes, or leave it out; minor versions come in the maintenance window',
)
IOPS = Rule(
    id="iops",
    rule="a database's IOPS are a whole number from {least} to {most}",
    reason="RDS for MySQL offers that with gp3 storage",
    remedy="write a number, without quotes, or leave it out for {least}",
)
THROUGHPUT = Rule(
    id="storage-throughput",
    rule="a database's throughput is a whole number of MiB/s from {least} to {most}",
    reason="RDS for MySQL offers that with gp3 storage",
    remedy="write a number, without quotes and unit, or leave it out for {least}",
)
STRIPED = Rule(
    id="storage-striped",
    rule=f"IOPS and throughput are chosen for {STRIPED_GIB} GiB or more",
    reason="a smaller gp3 storage of MySQL has 3,000 IOPS and 125 MiB/s, and RDS refuses to be asked for it",
    remedy=f"leave it out, or set storageGb to {STRIPED_GIB} or more",
)
THROUGHPUT_FITS = Rule(
    id="storage-throughput-fits",
    rule="for each MiB/s of throughput there are four IOPS or more",
    reason="gp3 storage carries no more: {iops} IOPS carry {carried} MiB/s",
    remedy="set iops to {needed} or more, or storageThroughput to {carried} or less",
)
BACKUP_WINDOW = Rule(
    id="backup-window",
    rule="the window of daily backups is hh24:mi-hh24:mi in UTC, 30 minutes or longer",
    reason="RDS accepts no other",
    remedy="write for example 03:00-03:30",
)
MAINTENANCE_WINDOW = Rule(
    id="maintenance-window",
    rule="the window of weekly maintenance is ddd:hh24:mi-ddd:hh24:mi in UTC and lower case, 30 minutes or "
    "longer and shorter than a day",
    reason="RDS accepts no other",
    remedy="write for example sun:04:00-sun:04:30",
)
WINDOWS_TOGETHER = Rule(
    id="windows-together",
    rule="backupWindow and maintenanceWindow are set together or not at all",
    reason="RDS chooses the other one by chance, and refuses two that overlap, after other changes are made",
    remedy="add {missing}, or remove {given} and let RDS choose both",
)
WINDOWS_APART = Rule(
    id="windows-apart",
    rule="the windows of backups and maintenance neither overlap nor touch",
    reason="RDS refuses two that overlap, and a backup that takes longer would meet the maintenance: backups "
    "are at {backup}, each day",
    remedy="move one of the two",
)
BACKUP_DAYS = Rule(
    id="backup-days",
    rule=f"automated backups are kept for a whole number of days from {MIN_BACKUP_DAYS} to {MAX_BACKUP_DAYS}",
    reason="RDS keeps none for longer, and a mistake that is found after a weekend must still be undone",
    remedy="write a number, without quotes and unit, for example 14; for longer, take snapshots",
)

# Networks

SLOTS = Rule(
    id="slots",
    rule="a tenant has one network or two, under the keys blue and green",
    reason="one is in production; a second one exists while a move is prepared",
    remedy="add networks.blue with its cidr, or remove the network that is not needed",
)
PING_HOST_TYPE = Rule(
    id="ping-host-type",
    rule="a host's type is one of {offered}",
    reason="the host's image is built for arm64 (Graviton), and the host needs no more power",
    remedy="choose one of them; t4g.nano is usually enough{hint}",
)
NETWORKS_APART = Rule(
    id="networks-apart",
    rule="a tenant's two networks have different ranges",
    reason="during a move both exist at the same time; {other} has {cidr} already",
    remedy="choose another free /26, or let the command line choose one: tenantnet network add TENANT",
)

# Tags

TAGS_COUNT = Rule(
    id="tags-count",
    rule="a stack's settings have at most {most} tags",
    reason="{limit}, and Tenantnet has tags of its own",
    remedy="leave out what the others say already",
)
TAG_KEY = Rule(
    id="tag-key",
    rule="a tag's key has 1 to 128 letters, digits, blanks between them and _ . : / = + - @",
    reason="AWS's services take no other in common",
    remedy="write such a key, for example CostCenter",
)
TAG_KEY_FREE = Rule(
    id="tag-key-free",
    rule="a tag of one's own is not called Name, and begins with neither aws: nor tenantnet:",
    reason="those are AWS's and Tenantnet's, and by them a resource counts as somebody's",
    remedy="call it otherwise",
)
TAG_KEY_ONCE = Rule(
    id="tag-key-once",
    rule="two tags differ in more than capitals",
    reason="IAM takes {other} for the same key",
    remedy="remove one of the two",
)
TAG_VALUE = Rule(
    id="tag-value",
    rule="a tag's value is text of 1 to 256 letters, digits, blanks between them and _ . : / = + - @",
    reason="AWS's services take no other in common",
    remedy='write such a text, a number in quotes: CostCenter: "4711"',
)

# VPN connections

DESCRIPTION = Rule(
    id="description",
    rule=f"a description has 1 to {MAX_DESCRIPTION} visible characters and no blank at its ends",
    reason="it is shown in one line of tables and becomes a tag of AWS resources",
    remedy="write a short name of the place, for example Seattle office",
)
VPN_CONNECTIONS_COUNT = Rule(
    id="vpn-connections-count",
    rule=f"a network has at most {MAX_VPN_CONNECTIONS} VPN connections",
    reason="AWS's default quota allows one virtual private gateway no more",
    remedy="join company ranges that share a gateway into one larger range",
)
VPN_CONNECTION_ONCE = Rule(
    id="vpn-connection-once",
    rule="a network has each pair of company range and company gateway once",
    reason="{other} is the same connection; each has two tunnels already",
    remedy="remove one of the two",
)
COMPANY_CIDRS_APART = Rule(
    id="company-cidrs-apart",
    rule="the company ranges of one network do not overlap",
    reason="the network could not tell through which connection an address is reached: {other} has {cidr}",
    remedy="write the more exact ranges behind each gateway",
)
COMPANY_CIDR_OUTSIDE = Rule(
    id="company-cidr-outside",
    rule="a company range does not overlap the tenant's own networks",
    reason="inside a network its own addresses come first, and {other} is {cidr}",
    remedy="choose another range for the network (tenantnet network add TENANT), "
    "or write the exact ranges that the company uses",
)

# The move

MIGRATION_SLOTS = Rule(
    id="migration-slots",
    rule="a migration leads from one of the tenant's networks to the other: both are in the settings",
    reason="networks.{slot} is not there",
    remedy="add it: tenantnet network add TENANT; or remove the migration",
)
MIGRATION_TIME = Rule(
    id="migration-time",
    rule="at is a local date and time of this century in text, to the minute: YYYY-MM-DDTHH:MM",
    reason="the schedule starts on a full minute, in the zone that timezone names",
    remedy="write it like 2026-12-01T02:00, without seconds and offset",
)
TIMEZONE = Rule(
    id="timezone",
    rule="a time zone is a name of the IANA database",
    reason="only such a name knows the clock changes of its place",
    remedy="write for example Europe/Amsterdam or Etc/UTC{hint}",
)
MIGRATION_TIME_EXISTS = Rule(
    id="migration-time-exists",
    rule="the time exists on that day",
    reason="the clocks of {zone} go forward then, from {before} to {after}: the schedule would be skipped",
    remedy="choose a time before {before} or from {after} on",
)
MIGRATION_TIME_ONCE = Rule(
    id="migration-time-once",
    rule="the time exists just once on that day",
    reason="the clocks of {zone} go back then: {at} comes twice, at {first} and at {second} UTC",
    remedy="choose a time outside the repeated stretch, or write the UTC time with timezone: Etc/UTC",
)
LIVE_NEEDS_GTID = Rule(
    id="live-needs-gtid",
    rule="a move by live is of a database with database.gtid: true",
    reason="its copy follows the source by the global identifiers of transactions, and this one gives none",
    remedy="set database.gtid: true, deploy it, and reboot the database before the time of the move; or "
    "choose another strategy",
)
RETIRE_AFTER = Rule(
    id="retire-after",
    rule="retireAfter is a whole number of hours or days, from 1h to 30d",
    reason="the former database waits so long, read-only, and costs as much as before",
    remedy="write for example 24h or 3d",
)
RETIRING_STAYS = Rule(
    id="retiring-stays",
    rule="a tenant that is being removed has no migration",
    reason="retiring removes the database's protection, which a move relies on",
    remedy="remove the migration, or retiring until the move is done",
)
TUNNEL_USER = Rule(
    id="tunnel-user",
    rule="a tunnel user is the name of a person in IAM: 1 to 64 of a-z, A-Z, 0-9 and + = . @ _ -",
    reason="the tunnel's document names its users in a tag, and AWS's tags have no other characters for it",
    remedy="write the user's name, not its ARN or path; a user with a comma in the name needs another name",
)
ALARM_EMAIL = Rule(
    id="alarm-email",
    rule="an alarm's address is of e-mail: up to 64 of a-z, A-Z, 0-9, _ % + - and single dots within, an @, "
    "and a DNS name in lower case",
    reason="SNS sends it a link, and alarms once somebody has followed that",
    remedy="write one such as oncall@example.com; of a list of people, the list's own address",
)
ALARM_EMAILS_COUNT = Rule(
    id="alarm-emails-count",
    rule=f"a platform has at most {MAX_ALARM_EMAILS} addresses for alarms",
    reason="each has to be confirmed by hand, and again when somebody has left",
    remedy="write the address of a list of people",
)
TUNNEL_USERS_FIT = Rule(
    id="tunnel-users-fit",
    rule=f"the names of a tenant's tunnel users have about {4 * 256 - 4:,} characters together at most",
    reason="the tunnel's document names them in four tags, and a tag's value has 256 characters",
    remedy="name fewer people, or let several come through IAM Identity Center with one value of the tag "
    "tenantnet:tunnel-user",
)

# The file

FILE_READABLE = Rule(
    id="file-readable",
    rule=f"a settings file can be read, is UTF-8 text and has at most {MAX_FILE_BYTES:,} bytes",
    reason="its settings cannot be read: {problem}",
    remedy="{remedy}",
)
FILE_NAME = Rule(
    id="file-name",
    rule="a settings file is named Pulumi.<stack>.yaml, and a stack's name has letters, digits, `_`, `.` and "
    "`-`, of which a letter or a digit is first",
    reason="Pulumi finds a stack's settings by that name, and the stack's name is the tenant's",
    remedy="rename the file, for example to Pulumi.acme.yaml",
)
YAML_VALID = Rule(
    id="yaml-valid",
    rule="the file is one YAML document that describes one mapping",
    reason="its content cannot be read: {problem}",
    remedy="{way}; a settings file starts with config:",
)
KEY_ONCE = Rule(
    id="key-once",
    rule="a mapping has each key once",
    reason="the key at {place} is in its mapping already, and YAML readers differ in which one they use",
    remedy="remove one of the two",
)
YAML_ALIKE = Rule(
    id="yaml-alike",
    rule="every YAML reader reads the file the same",
    reason="{problem}: what is checked here might not be what Pulumi deploys",
    remedy="{remedy}",
)
STACK_KIND = Rule(
    id="stack-kind",
    rule="a stack is a tenant or a platform: config has tenantnet:tenant or tenantnet:platform",
    reason="each kind has its own program, and {problem}",
    remedy="describe the stack under one of the two keys; a second kind is a second stack",
)
REGION = Rule(
    id="region",
    rule="aws:region names an AWS region",
    reason="the provider asks the region of that name; without one, it would use that of the person who runs "
    "it",
    remedy="write for example aws:region: eu-west-1",
)
REGION_COMMERCIAL = Rule(
    id="region-commercial",
    rule="the region is one of AWS's commercial partition, whose ARNs begin with arn:aws:",
    reason="in AWS GovCloud, China, the European Sovereign Cloud and isolated regions ARNs, names of hosts "
    "and certificates are others, and Tenantnet writes and has tried those of the commercial partition alone",
    remedy="use such a region, for example eu-west-1",
)
REGION_OF_PLATFORM = Rule(
    id="region-of-platform",
    rule="a tenant is in its platform's region",
    reason="{platform} is in {region}, with the claims, the sessions network and the tunnel host",
    remedy="write aws:region: {region}, or name a platform of the other region",
)
OWN_TAGS = Rule(
    id="own-tags",
    rule="aws:defaultTags is not used",
    reason="a default may give a resource to somebody else, and Tenantnet's own calls know none",
    remedy="write them as tags in tenantnet:tenant or tenantnet:platform",
)
AWS_KEY = Rule(
    id="aws-key",
    rule="of the AWS provider's settings, a stack has only {permitted}",
    reason="{why}",
    remedy="{remedy}",
)
SECRETS_PROVIDER = Rule(
    id="secrets-provider",
    rule="a stack's secrets are encrypted with a passphrase, by Pulumi's service, or by a key of AWS KMS, "
    "whose address has no parameters but region, awssdk and context_NAME",
    reason="who answers elsewhere chooses the key, and could read each secret that is encrypted from then on",
    remedy="pulumi stack change-secrets-provider --stack {stack} "
    '"awskms://alias/your-key?region=eu-west-1"; AWS_PROFILE in the environment says who calls KMS',
)
PROJECT_WIDE = Rule(
    id="project-wide",
    rule="the reserved ranges are set for the whole project, not for one stack",
    reason="a stack that may change them could take addresses that others rely on",
    remedy="move tenantnet:reservedRanges to Pulumi.yaml",
)
