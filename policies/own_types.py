"""Types that an organisation answers for itself: nobody judges them, so they name nothing of Tenantnet's.

Their texts are searched, not understood: see docs/security.md.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from ipaddress import IPv4Network
from string import ascii_letters, digits

from tenantnet.addresses.claims import Claim
from tenantnet.components.alarm_topic import alarm_topic_name
from tenantnet.failure import Failure
from tenantnet.policies.allowed import ALLOWED, PROVIDER
from tenantnet.policies.model import (
    PLATFORM_PREFIX,
    Finding,
    JsonSchema,
    PackSettings,
    Ranges,
    Resource,
    Stack,
    unread,
)
from tenantnet.policies.ranges_in_texts import Span, ranges_in, span_of
from tenantnet.policies.statements import EVERYTHING, is_bounded, is_like, reached, reached_by
from tenantnet.policies.texts import DEEPEST, document_in, is_like_a_document, joined, readings
from tenantnet.refusal import Rule
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import (
    Part,
    Slot,
    claims_table_name,
    journal_table_name,
    move_snapshot_name,
    network_name,
    runner_document_name,
    seed_snapshot_name,
    tunnel_name,
)

OWN_TYPES = "ownTypes"
OWN_TYPE_APART = Rule(
    id="own-type-apart",
    rule="a type that the organisation answers for touches no network, host or database of Tenantnet",
    reason="{what} is in reach of it, and no policy knows what it lets through",
    remedy="remove the reference, or name what is the team's own by its ARN; for what needs a way to a "
    "tenant's database there are its sessions",
)
# What makes anything of any type, runs anything, or is about all logs: nobody can answer for it by its type.
_MAKES_ANYTHING = (
    r"^(pulumi[a-z-]*|command|terraform|ansible|shell):|:dynamic[:/]"
    r"|^aws[a-z-]*:(index/)?(cloud[fF]ormation|cloud[cC]ontrol|serverless[rR]epository|proton)"
    r"|^aws[a-z-]*:(index/)?service[cC]atalog[:/]?([cC]loud[fF]ormation)?[pP]ro(duct|vision)"
    r"|[cC]onformancePack|[qQ]uickSetup|[qQ]uicksetup|:ExtensionResource$|:CustomResourceEmulator$"
    r"|[lL]ogs?:?AccountPolicy|:(index/)?oam[:/]?[lL]ink|:(index/)?observability[aA]dmin"
    r"|:cloudwatch/contributor(Managed)?InsightRule:|[cC]loud[wW]atch:?InsightRule$|[sS]agemaker[/:]?[pP]roject"
    r"|^aws[a-z-]*:(index/)?(elastic[bB]eanstalk|launch[wW]izard)"
)
# Tenantnet's types of networks, databases, names and tunnels as other providers for AWS call them, too.
_TWINS = {
    *("ec2:networkaclentry", "ec2:securitygroupegress", "ec2:securitygroupingress"),
    *("ec2:subnetnetworkaclassociation", "ec2:subnetroutetableassociation", "ec2:vpcgatewayattachment"),
    *("rds:dbinstance", "rds:dbparametergroup", "rds:dbsubnetgroup"),
    *("route53:hostedzone", "route53:recordset", "route53:recordsetgroup"),
    *(
        f"{each.split(':')[1].split('/')[0].replace('vpc', 'ec2')}:{each.split(':')[2]}".casefold()
        for each in ALLOWED
        if re.match(r"aws:(ec2|rds|route53|ssm|vpc)/", each)
    ),
}
TYPE_SCHEMA: JsonSchema = {
    "type": "string",
    "pattern": "^[^*]+$",
    "not": {"anyOf": [{"enum": sorted(ALLOWED)}, {"pattern": _MAKES_ANYTHING}]},
}
# By which AWS has named what it has made: IDs, ARNs and hosts.
_CALLED_BY_AWS = ("id", "arn", "endpoint", "readerEndpoint", "address")
_HOST_OF_RDS = re.compile(
    r"[a-z0-9.-]+\.rds\.(?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?(?::[0-9]+)?", re.IGNORECASE
)
_ARN_OF_RDS = re.compile(r"arn:[a-z-]+:rds:[a-z0-9-]+:[0-9]{12}:[a-z-]+:[a-z0-9-]+", re.IGNORECASE)
# The properties that say whose the resource itself is, and lead nowhere.
_TAGGING = {"tags", "tagsAll", "tagSpecifications"}
_CELL = "[a-z0-9*?-]+"
# A name of Tenantnet's as far as its cell. What begins so within one is not read again from there.
_NAMED = rf"(?<![a-z0-9*?-])(?>(?:[a-z0-9*?-]*?[*?])?tenantnet-)(?P<cell>{_CELL})-"
# Of these the organisation has its own: AWS says whose one is.
_NETWORKS = re.compile(
    r"(?<![0-9a-z])(?:vpc|subnet|sg)-(?:(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{8}|[0-9a-f]{17})(?![0-9a-z])",
    re.IGNORECASE,
)
# What copies databases or reads them: by a pattern a tenant's own are led out, too.
_LEADS_OUT = re.compile(r":(?:index/)?(?:backup|dms|glue|rds)", re.IGNORECASE)
# Who reads what is sent to a topic.
_READS_TOPICS = re.compile(r":(?:index/)?(?:sns|chatbot)", re.IGNORECASE)
_BY_NAME = re.compile(r":(?:index/)?(?:ecr|kms)", re.IGNORECASE)
_OF_RUNNERS = re.compile(r":(?:repository|key)/([a-z0-9._/-]+)")
# Those that let functions write their own logs and traces, and read what is sent to them.
_AWSS_POLICIES = (
    "(?:(?:service-role/)?(?:AWSLambda(?:Basic|SQSQueue|Kinesis)ExecutionRole|AmazonECSTaskExecutionRolePolicy)"
    "|AWSXRayDaemonWriteAccess)(?![a-z0-9+=,.@_/-])"
)
_ROLES = ("boundary", "flow-logs", "runner", "runner-schedules", "tunnel-host")
# What EC2 calls networks, hosts, disks and what joins them. AWS's former IDs have 8 digits of both kinds; a
# day, a number and a word have one. Files, templates, lists, keys, images and releases are none of a cell's.
_IDS = re.compile(
    r"(?<![0-9a-z])(?:(?:rtb|pcx|vgw|cgw|vpn|acl|eni|i|igw|nat|vpce|fl|snap|vol)"
    r"-(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{8}"
    r"|(?:[a-z]{1,12}-){0,3}(?!(?:vpc|subnet|sg|fs|fsap|fsmt|lt|pl|key|ami|pb|mw|eipalloc|tgw|build|commit|release)-)[a-z]{1,12}"
    r"-[0-9a-f]{17})(?![0-9a-z])",
    re.IGNORECASE,
)
# What only Tenantnet and AWS call so, whichever cell it is of: databases, tables, roles, keys, logs, tags,
# Pulumi's state, AWS's own policies, and ARNs that leave open which.
_FORMS = re.compile(
    r"(?<![0-9a-z])db-(?=[a-z]*[0-9])[a-z0-9]{26}(?![0-9a-z])"
    rf"|\.rds\.(?:[a-z0-9-]+\.)?amazonaws\.com|/aws/rds(?![a-z0-9-])|arn:[^:\s]*:iam::aws:policy/(?!{_AWSS_POLICIES})"
    r"|(?<![a-z0-9])arn:(?:[^:\s]*:rds:"
    r"|[^:\s]*:[^:\s]*[*?]|(?=[^:\s]*[*?])[^:\s]*+(?!:)"
    r"|[^:\s]*:(?:codebuild|dynamodb|ec2|iam|kms|route53|scheduler|ssm):[^:\s]*:[^:\s]*"
    r":(?!parameter|network-interface/)(?:[a-z-]+/)?[*?]+(?![a-z0-9-]))"
    rf"|{_NAMED}(?:boundary|claims|flow-logs|journal|migration|return|runner|runner-failed|runner-schedules"
    r"|tunnel-host)(?![a-z0-9-])"
    rf"|(?:\A|(?<=secret:)|(?<=secretsmanager[:/]))tenantnet/|(?<![a-z0-9_./-])tenantnet/{_CELL}/verification|\As3://\*?\Z"
    rf"|alias/tenantnet-{_CELL}|/tenantnet/(?:[*%]|{_CELL}/(?:flow/|[a-z]*[*%]|runner(?![a-z0-9-])))"
    r"|(?<![a-z0-9])tenantnet:(?:cell|description|lifecycle|network|part|tenant|tunnel-users?)|(?<![a-z0-9])\.pulumi/",
    re.IGNORECASE,
)
# AWS keeps three addresses after the first of every network: its router, its DNS and a spare.
_OF_AWS, _IN_AWS = 3, (Part.SESSIONS, Part.SERVICES)
_TOPIC = re.compile(rf"{_NAMED}alarms(?![a-z0-9-])", re.IGNORECASE)
_ARN = re.compile(r"arn:[^:\s\"']*:([^:\s\"']*):[^\s\"',;|&]*")
# Whose name follows is a bucket, and a pattern of it may be short.
_BUCKETS = re.compile(r"s3[an]?://([a-z0-9.-]*[*?][a-z0-9.*?-]*)")
# From where such a word begins: a long text would else be read again from each of its characters.
_GLOB = re.compile(r"(?<![a-z0-9_.*?-])[a-z0-9_.*?-]*[*?][a-z0-9_.*?-]*")
# What the labels of a name in a zone consist of.
_LABELS = f"{ascii_letters}{digits}*_.-"
# A pattern with fewer letters means no name in particular.
_FEWEST_LETTERS = 3
# A name of several words with as many characters is nothing else.
_DISTINCT = 12
_SLOT = re.compile("|".join(Slot))
# Words that everybody has: a pattern of one alone that leaves open what stands before means no name.
_EVERYBODYS = {*("alarms", "boundary", "claims", "journal", "migration", "return", "runner", "tunnel"), *Slot}


def may_be_own(kind: str) -> bool:
    """Whether an organisation can answer for the type: it is none of Tenantnet's, and makes no other."""
    return kind not in ALLOWED and not _is_twin(kind) and not re.search(_MAKES_ANYTHING, kind)


def _is_twin(kind: str) -> bool:
    """Whether it is one of Tenantnet's types by another provider: `aws-native:ec2:Route`."""
    package, service, name = [*kind.casefold().split(":"), "", ""][:3]
    service = service.partition("/")[0]
    # As a bridged provider of Terraform's calls them: `aws:index/dbInstance:DbInstance`.
    bare = {each.partition(":")[2] for each in _TWINS} if service == "index" else set()
    joined = {each.replace(":", "") for each in _TWINS}
    twins = {f"{service}:{name}" in _TWINS, name in joined | bare, name.removeprefix("vpc") in bare}
    return package.startswith("aws") and any(twins)


def is_own(kind: str, settings: PackSettings) -> bool:
    """Whether the organisation answers for the type, or for one that this provider makes."""
    listed = [each for each in settings.own_types if may_be_own(each)]
    package = kind.removeprefix("pulumi:providers:")
    made = kind not in (package, PROVIDER) and package in [each.split(":")[0] for each in listed]
    return made or kind in listed


@lru_cache(maxsize=128)
def _form_in(text: str) -> str:
    found = _FORMS.search(text)
    return found[0] if found else ""


@lru_cache(maxsize=128)
def _ids_in(text: str) -> Sequence[str]:
    return _IDS.findall(text)


def judge_texts(resource: Resource, settings: PackSettings | None = None) -> Iterator[Finding]:
    """What it names by a form that is the same in every cell.

    settings: without them nothing is taken for the team's own.
    """
    texts = _others_texts(resource, settings)
    found = [(path, named) for path, text in texts if (named := _form_in(text))]
    ids = [(path, each) for path, text in texts for each in _ids_in(text)]
    made = {each.casefold() for each in _made(resource, settings)} if ids and settings else ()
    for path, what in dict.fromkeys([*found, *(each for each in ids if each[1].casefold() not in made)]):
        yield _refuse(resource, path, what)
    for path, wide in _wide(resource, texts).items():
        is_given = any(wide in each for each in _strings(resource.props))
        yield _refuse(resource, path, wide if is_given else EVERYTHING, "whatever it matches")


def _others_texts(resource: Resource, settings: PackSettings | None) -> Sequence[tuple[str, str]]:
    """Its texts, without the databases, each named whole, that the stack has made of own types."""
    texts = [*_texts_of(resource)]
    if settings is None or not any(map(_form_in, (text for _, text in texts))):
        return texts
    made = _made(resource, settings)
    hosts = {each.partition(":")[0] for each in made if _HOST_OF_RDS.fullmatch(each)}
    arns = {each for each in made if _ARN_OF_RDS.fullmatch(each)}
    if not hosts | arns:
        return texts
    host, arn = ("|".join(map(re.escape, sorted(each))) or "(?!)" for each in (hosts, arns))
    # Part of a longer name it is another's.
    whole = re.compile(rf"(?<![\w.-])(?:{host})(?!\.?[\w-])|(?<![\w:.-])(?:{arn})(?![\w:/*?.-])")
    return [(path, whole.sub(" ", text)) for path, text in texts]


def _made(resource: Resource, settings: PackSettings) -> Collection[str]:
    """What AWS calls other things that the stack has made of own types; nothing where nobody can tell."""
    with suppress(Failure):
        held = [each for each in settings.reading.held_now(resource.stack) if each.urn != resource.urn]
        own = [each for each in held if is_own(each.type, settings) and _is_awss(each) and not each.adopted]
        return {str(each.props.get(path)) for each in own for path in _CALLED_BY_AWS}
    return ()


def judge_relations(stack: Stack, resource: Resource, settings: PackSettings) -> Iterator[Finding]:
    """What it names or depends on of its own stack, and what it names of others."""
    judged = {each.urn: each for each in stack.resources if each.type in ALLOWED and each.type != PROVIDER}
    names = {value: each.name for each in judged.values() for value in each.ids if len(str(value)) > 5}
    for path, _ in _properties(resource):
        before = [judged[urn] for urn in resource.property_depends_on.get(path, ()) if urn in judged]
        for name in dict.fromkeys(each.name for each in before if each.type.startswith("aws:")):
            yield _refuse(resource, path, name)
    for path, text in _texts_of(resource):
        if text in names:
            yield _refuse(resource, path, names[text])
    try:
        yield from judge_names(stack, resource, settings, besides=names.keys())
    except Failure as failure:
        yield unread(resource, stack.cell, failure)


def judge_names(
    stack: Stack, resource: Resource, settings: PackSettings, besides: Collection[object] = ()
) -> Iterator[Finding]:
    """What it names of tenants and cells that are deployed. besides: texts that are refused anyway."""
    texts = _others_texts(resource, settings)
    wide = _wide(resource, texts)
    texts = [(path, text) for path, text in texts if text not in besides and path not in wide]
    if not texts:
        return
    own = stack.name.removeprefix(PLATFORM_PREFIX) if stack.is_platform else stack.cell
    others = _Others(
        stack=stack.name,
        cell=None if _READS_TOPICS.search(resource.type) else own,
        settings=settings,
        region=resource.region,
        networks={each.casefold() for _, text in texts for each in _NETWORKS.findall(text)},
        around=_networks_in(stack, resource.region) if stack.previews else (),
        claims=[each.claim for each in stack.resources if each.claim],
        of_patterns=None if _LEADS_OUT.search(resource.type) else stack.name,
        by_name=bool(_BY_NAME.search(resource.type)),
    )
    found: dict[tuple[str, str], str] = {}
    for path, text in texts:
        if not _form_in(text) and (named := others.named_in(text)):
            found.setdefault((path, named.casefold()), named)
    for (path, _), named in found.items():
        yield _refuse(resource, path, named)


@dataclass(frozen=True, kw_only=True)
class _Others:
    """What tenants and cells are called, and their ranges.

    stack, cell: those of the resource. It may name its own cell's alarm topic, and its own company. region:
    where it is. networks: the IDs of VPCs, subnets and groups that it names. around: and others, asked about
    at once. claims: those that its stack declares, which may be in no table yet. of_patterns: the tenant
    whose names patterns may match. by_name: whether it names keys and repositories of images without ARNs.
    """

    stack: str
    cell: str | None
    settings: PackSettings
    region: str | None
    networks: Collection[str]
    around: Collection[str]
    claims: Sequence[Claim]
    of_patterns: str | None
    by_name: bool

    def named_in(self, text: str) -> str | None:
        """What of theirs the text names; None if nothing."""
        for each in _NETWORKS.findall(text):
            if each.casefold() not in self._nobodys:
                return str(each)
        topics = (each for each in _TOPIC.finditer(text) if each["cell"].casefold() != self.cell)
        if found := next(topics, None):
            return found[0]
        folded = text.casefold()
        if any(each in folded for each in self._words) and (found := self._pattern.search(text)):
            begin = len(text[: found.start()].rstrip(_LABELS)) if found["zone"] else found.start()
            return text[begin : found.end()]
        if glob := next(self._globs(folded), None):
            return glob
        buckets = _BUCKETS.findall(folded)
        if found := next((each for each in buckets if is_like(self.settings.reading.bucket(), each)), None):
            return f"s3://{found}"
        named = ((written, span) for written, span in ranges_in(text) if self._is_taken(span))
        return next((written for written, _ in named), None) or self._of_runners(text)

    def _of_runners(self, text: str) -> str | None:
        """A runner's image or the key of all stacks' secrets: whoever has them may what the runner may."""
        named = [*_OF_RUNNERS.findall(text.casefold()), *([text.casefold()] if self.by_name else [])]
        return next((each for each in named if each in self.settings.reading.of_runners()), None)

    def _globs(self, text: str) -> Iterator[str]:
        """The patterns that match a name: within an ARN only a name of what its service has."""
        arns = [(each, is_bounded(each[0])) for each in _ARN.finditer(text)]
        places = {place: each for each in arns for place in range(*each[0].span())}
        fewest = 1 if "arn:" in text else _FEWEST_LETTERS
        for found in _GLOB.finditer(text):
            (arn, bounded), glob = places.get(found.start(), (None, False)), found[0]
            if arn and bounded:
                names = self._names_in(arn[1], glob)
            elif arn or glob[0] not in "*?" or glob.strip("*?-_.") not in _EVERYBODYS | self._cell_names:
                names = [*self._names, *self._names_of_tenants, *self._bucket(glob)]
            else:
                continue
            if _letters(glob) >= fewest and any(is_like(name, glob) for name in names):
                yield glob
        for each, _ in arns:
            if each[1] == "secretsmanager" and self._is_secret(each[0].split(":", 5)[-1]):
                yield each[0]

    def _names_in(self, service: str, glob: str) -> Sequence[str]:
        """What it has in a service where the pattern begins like nothing of Tenantnet's."""
        if service == "s3":
            return [self.settings.reading.bucket()]
        if service == "ecr":
            return [part for each in self.settings.reading.of_runners() for part in each.split("/")]
        if service == "cloudwatch":
            networks = [network_name(tenant, slot) for tenant in self._tenants for slot in Slot]
            return [*networks, *(glob for each in networks if glob.startswith(f"{each}-"))]
        return self._documents if service == "ssm" else ()

    def _bucket(self, glob: str) -> Iterator[str]:
        """The state's bucket where no ARN says what the pattern is of: it has to say half of it."""
        bucket = self.settings.reading.bucket()
        if _is_distinct(bucket) and 2 * _letters(glob) >= _letters(bucket):
            yield bucket

    def _is_secret(self, pattern: str) -> bool:
        """Whether it leaves open which secret it is, and may be that of a runner."""
        if not re.search(r"[*?]", pattern):
            return False
        secrets = self.settings.reading.secrets()
        return any(is_like(each.casefold().split(":", 5)[-1], pattern) for each in secrets)

    @cached_property
    def _nobodys(self) -> Collection[str]:
        """The networks that are in no VPC of a cell or a tenant."""
        homes = self.settings.reading.untagged({*self.networks, *self.around}, self.region)
        cells = {each for platform, _ in self._cells for each in _ids(platform)}
        return [each for each, home in homes.items() if home not in cells]

    def _is_taken(self, span: Span) -> bool:
        return any(first <= span[1] and span[0] <= last for first, last in self._ranges)

    @cached_property
    def _cells(self) -> Sequence[tuple[PlatformOutputs, Ranges]]:
        return self.settings.reading.cells()

    @cached_property
    def _tenants(self) -> set[str]:
        claims = {row.tenant for _, ranges in self._cells for row in ranges.claims if isinstance(row, Claim)}
        companies = {each.tenant for _, ranges in self._cells for each in ranges.companies}
        return (claims | companies | {each.tenant for each in self.claims}) - {""}

    @cached_property
    def _cell_names(self) -> set[str]:
        return {platform.cell for platform, _ in self._cells}

    @cached_property
    def _documents(self) -> Sequence[str]:
        runners = [runner_document_name(cell) for cell in self._cell_names]
        return [*runners, *(tunnel_name(cell, each) for cell in self._cell_names for each in self._tenants)]

    @cached_property
    def _names(self) -> Collection[str]:
        """What patterns of IAM may stand for: documents, tables, roles, topics, networks, snapshots."""
        cells = self._cell_names
        return [
            *self._documents,
            *(name(cell) for cell in cells for name in (claims_table_name, journal_table_name)),
            *(f"tenantnet-{cell}-{each}" for cell in cells for each in _ROLES),
            *(f"{cell}-{Part.TUNNEL_HOST}" for cell in cells),
            *(alarm_topic_name(cell) for cell in cells - {self.cell}),
        ]

    @cached_property
    def _names_of_tenants(self) -> Collection[str]:
        """The same of other tenants' networks and snapshots."""
        return [name for tenant in self._tenants - {self.of_patterns} for name in _of_tenant(tenant)]

    @cached_property
    def _zones(self) -> Sequence[str]:
        return [platform.zone_name for platform, _ in self._cells]

    @cached_property
    def _exact(self) -> Sequence[str]:
        platforms = [platform for platform, _ in self._cells]
        keys = [platform.kms_key_arn.rpartition("/")[2] for platform in platforms]
        ids = [each for platform in platforms for each in _ids(platform)]
        return [*self._names, *self._names_of_tenants, *keys, *ids]

    @cached_property
    def _words(self) -> Sequence[str]:
        """A text without any of them has nothing of the pattern, which takes longer to tell."""
        tenants = [f"{each}-" for each in (*self._tenants, self.stack)]
        words = [*self._zones, *self._exact, *tenants, self.settings.reading.bucket()] if self._names else ()
        return [each.casefold() for each in words if each]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        zones, exact = ("|".join(map(re.escape, each)) for each in (self._zones, self._exact))
        begun = "|".join(map(re.escape, self._tenants - {self.stack})) or "(?!)"
        own = re.escape(self.stack) if self.stack in self._tenants else "(?!)"
        slots = "|".join(Slot)
        bucket = self.settings.reading.bucket()
        before = "(?<![a-z0-9.-])" if _is_distinct(bucket) else r"(?:\A|//|:s3:::|amazonaws\.com/)"
        return re.compile(
            rf"{before}{re.escape(bucket) or '(?!)'}(?![a-z0-9-])"
            rf"|(?<![a-z0-9_-])(?:(?P<zone>{zones})(?!\.?[a-z0-9-])|(?:{exact})(?![a-z0-9-])"
            rf"|(?:{begun})-(?:(?:{slots})(?![a-z0-9])|(?:move|seed)-[0-9]+)"
            # Its own databases by these words alone: longer ones are the team's, but for snapshots.
            rf"|{own}-(?:(?:(?<=\A{own}-)(?:{slots})\Z"
            rf"|(?:{slots})-(?:[0-9-]*final(?:-[0-9]+)?|[0-9]{{4}}(?:-[0-9]{{2}})+)|(?:move|seed)-[0-9]+)"
            r"(?![a-z0-9-])))",
            re.IGNORECASE,
        )

    @cached_property
    def _ranges(self) -> Sequence[Span]:
        """The first and last addresses of whatever is claimed, reserved, a cell's or another company's."""
        in_aws = {each.cidr for each in self.settings.reserved if each.purpose in _IN_AWS}
        others = {each.cidr for each in self.settings.reserved} - in_aws
        for platform, ranges in self._cells:
            in_aws |= {platform.sessions_cidr, *filter(None, [platform.services_cidr])}
            in_aws |= {row.cidr for row in (*ranges.claims, *self.claims)}
            others |= {each.cidr for each in ranges.companies if each.tenant != self.stack}
            others.add(platform.tunnel_host_address)
        spans = [span for cidr in others for span in _spans(cidr, 0)]
        return spans + [span for cidr in in_aws for span in _spans(cidr, _OF_AWS)]


@lru_cache(maxsize=4)
def _networks_in(stack: Stack, region: str | None) -> Collection[str]:
    """The networks that the stack's own types in the region name in clear."""
    own = [each for each in stack.resources if each.type not in ALLOWED and each.region == region]
    texts = (text for each in own for text in _strings(each.props))
    return {each.casefold() for text in texts for each in _NETWORKS.findall(text)}


def _spans(cidr: str, without: int) -> Iterator[Span]:
    """The addresses of a range as numbers, without some after the first; nothing for a text that is none."""
    with suppress(ValueError):
        first, last = span_of(IPv4Network(cidr, strict=False))
        yield first, first if without else last
        yield min(first + 1 + without, last), last


def _letters(glob: str) -> int:
    return sum(map(str.isalnum, _SLOT.sub("", glob)))


def _is_distinct(bucket: str) -> bool:
    """Whether its name is no word that texts have anyway."""
    return "-" in bucket and len(bucket) >= _DISTINCT


def _ids(platform: PlatformOutputs) -> Iterator[str]:
    yield from (platform.zone_id, platform.sessions_vpc_id, platform.services_vpc_id)
    yield from (platform.services_route_table_id, platform.tunnel_host_id)


def _of_tenant(tenant: str) -> Iterator[str]:
    yield from (network_name(tenant, slot) for slot in Slot)
    yield move_snapshot_name(tenant, 1)
    yield seed_snapshot_name(tenant, 1)


def _refuse(resource: Resource, path: str, named: str, what: str = "") -> Finding:
    """The text around it is not shown: what it is read as may have a secret that nobody knows again."""
    return resource.refuse(OWN_TYPE_APART, path, value=named, what=what or named)


def _is_awss(resource: Resource) -> bool:
    return resource.type.startswith("aws")


def _properties(resource: Resource) -> Iterator[tuple[str, object]]:
    """Nothing of a component: it has nothing in AWS."""
    if resource.custom:
        yield from ((path, value) for path, value in resource.props.items() if path not in _TAGGING)


def _texts_of(resource: Resource) -> Iterator[tuple[str, str]]:
    """Each text once, by property."""
    for path, value in _properties(resource):
        read: dict[str, int] = {}
        yield from ((path, text) for text in dict.fromkeys(_texts(value, 0, read)))


def _texts(value: object, deep: int, read: dict[str, int]) -> Iterator[str]:
    """read: how deep in others each text was found that is read already."""
    for text in _strings(value):
        if read.get(text, DEEPEST + 1) > deep:
            read[text] = deep
            yield text
            for each in _said_in(text, deep) if deep < DEEPEST else ():
                yield from _texts(each, deep + 1, read)


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            yield from joined(value)
            for key, each in value.items():
                yield str(key)
                yield from _strings(each)
        case list():
            for each in value:
                yield from _strings(each)


def _said_in(text: str, deep: int) -> Iterator[object]:
    yield from readings(text, singly=not deep)
    if is_like_a_document(text):
        with suppress(ValueError, RecursionError):
            yield [*_strings(document_in(text))]


def _wide(resource: Resource, texts: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """What statements allow without saying on which resource, by property; but what has a form anyway.

    texts: of the resource.
    """
    is_awss, props = _is_awss(resource), dict(_properties(resource))
    found = {
        **{path: next(reached(value, without_action=is_awss), "") for path, value in props.items()},
        "resources": next(reached_by(props, without_action=is_awss), ""),
    }
    formed = {path for path, text in texts if _form_in(text)}
    return {path: text for path, text in found.items() if text and path not in formed}
