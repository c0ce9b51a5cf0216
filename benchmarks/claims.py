"""What a claim and the choice of a free range cost while the claims grow: 1,000, 30,000 and 250,000 of them.

    python -m benchmarks.claims

Prints Markdown. It starts a local cloud of its own, whose DynamoDB API takes the claims. All but the
first column are ratios to 1,000 claims, which depend on the machine least. 250,000 claims are 95 % of all
ranges that are permitted.
"""

from __future__ import annotations

import multiprocessing
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from threading import Barrier
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from netaddr import IPNetwork
from tenantnet.addresses.addressing import (
    DEFAULT_RESERVED,
    PRIVATE_RANGES,
    choose_free_network,
    overlaps,
)
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.local_cloud.clients import client
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.refusal import Refused
from tenantnet.tags import claims_table_name

from tests.support.claims import WritableClaims

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import WriteRequestTypeDef

T = TypeVar("T")

SIZES = (1_000, 30_000, 250_000)
REPEATS = 200
RACERS, RACES = 32, 50
CELL = "bench"
SEED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: seconds by operation, each the median of its repeats."""

    claims: int
    seconds: dict[str, float]


def main() -> None:
    """Measure all sizes and print them."""
    print(report())


def report() -> str:
    """Measure all sizes."""
    ranges = permitted_ranges()
    random.Random(SEED).shuffle(ranges)  # noqa: S311 - the same ranges in every run
    with tempfile.TemporaryDirectory() as folder, LocalCloud(Path(folder)) as cloud:
        own = environment(cloud.state_dir)
        dynamodb = client("dynamodb", own)
        make_table(dynamodb)
        rows, written = [], 0
        for size in SIZES:
            sys.stderr.write(f"{size:,} claims ...\n")
            write(dynamodb, ranges[written:size])
            written = size
            rows.append(measure(WritableClaims(dynamodb, CELL), ranges, size))
        sys.stderr.write(f"{RACERS} processes claim the same {RACES} ranges ...\n")
        answers = race(own, ranges[-RACES:])
    return f"{markdown(rows)}\n\n{verdict(answers)}"


def permitted_ranges() -> list[str]:
    """Every /26 that a tenant may have."""
    return [
        str(block)
        for private in PRIVATE_RANGES
        for block in IPNetwork(private).subnet(26)
        if not any(overlaps(str(block), reserved.cidr) for reserved in DEFAULT_RESERVED)
    ]


def claim_of(cidr: str, tenant: str = "somebody") -> Claim:
    return Claim(cidr=cidr, tenant=tenant, stack=tenant, kind=ClaimKind.NETWORK, slot="blue")


def make_table(dynamodb: DynamoDBClient) -> None:
    dynamodb.create_table(
        TableName=claims_table_name(CELL),
        KeySchema=[{"AttributeName": "cidr", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "cidr", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def write(dynamodb: DynamoDBClient, ranges: Sequence[str]) -> None:
    """Fill the table, 25 rows a request."""
    left = iter(ranges)
    while batch := list(islice(left, 25)):
        requests: list[WriteRequestTypeDef] = [
            {"PutRequest": {"Item": claim_of(cidr).item()}} for cidr in batch
        ]
        dynamodb.batch_write_item(RequestItems={claims_table_name(CELL): requests})


def measure(table: WritableClaims, ranges: Sequence[str], size: int) -> Row:
    """ranges: the first `size` are claimed, the others are free."""
    rng = random.Random(SEED)  # noqa: S311
    taken, free = ranges[:size], ranges[size:]
    wanted = rng.sample(free, REPEATS)
    seconds = {
        "claim, won": median(each(wanted, lambda cidr: table.claim(claim_of(cidr)))),
        "claim, lost": median(each(rng.sample(taken, REPEATS), lambda cidr: lose(table, cidr))),
        "free range chosen": median(
            each(range(3), lambda _: choose_free_network(taken, DEFAULT_RESERVED, rng))
        ),
    }
    return Row(claims=size, seconds=seconds)


def each(inputs: Iterable[T], task: Callable[[T], object]) -> Iterator[float]:
    """The seconds that the task takes, input by input."""
    for value in inputs:
        start = perf_counter()
        task(value)
        yield perf_counter() - start


def lose(table: WritableClaims, cidr: str) -> None:
    try:
        table.claim(claim_of(cidr, "loser"))
    except Refused:
        return
    raise AssertionError(f"{cidr} has two holders")


def race(own: Mapping[str, str], ranges: Sequence[str]) -> list[Mapping[str, str]]:
    """Every process claims every range, each time together with all others.

    For each process, what became of each range: its own name, or that of the holder it was refused for.
    """
    processes = multiprocessing.get_context("spawn")
    with processes.Manager() as manager:
        start, answers = manager.Barrier(RACERS), manager.list()
        racers = [
            processes.Process(target=_run, args=(own, f"t{number}", ranges, start, answers))
            for number in range(RACERS)
        ]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        return list(answers)


def _run(
    own: Mapping[str, str],
    tenant: str,
    ranges: Sequence[str],
    start: Barrier,
    answers: MutableSequence[Mapping[str, str]],
) -> None:
    table = WritableClaims(client("dynamodb", own), CELL)
    holders = {}
    for cidr in ranges:
        start.wait()
        try:
            table.claim(claim_of(cidr, tenant))
            holders[cidr] = tenant
        except Refused as refused:
            holders[cidr] = refused.refusals[0].reason.split()[1]
    answers.append(holders)


def verdict(answers: Sequence[Mapping[str, str]]) -> str:
    """What the race showed, in a sentence. Raises AssertionError where two name different holders."""
    for cidr in answers[0]:
        holders = {answer[cidr] for answer in answers}
        if len(answers) != RACERS or len(holders) != 1:
            raise AssertionError(f"{cidr}: {len(answers)} answers name {', '.join(sorted(holders))}")
    return (
        f"{RACERS} processes claimed the same {RACES} ranges at once: each range has one holder, and all "
        f"{RACES * (RACERS - 1):,} refusals name it."
    )


def markdown(rows: Sequence[Row]) -> str:
    """One line per operation: its time at the first size, and how many times that at the others."""
    first, others = rows[0], rows[1:]
    lines = [
        f"| operation | {first.claims:,} claims | "
        + " | ".join(f"{row.claims:,}: times" for row in others)
        + " |",
        "|---|" + "---:|" * len(rows),
    ]
    for name, base in first.seconds.items():
        ratios = [f"{row.seconds[name] / base:.1f}" for row in others]
        lines.append(f"| {name} | {base * 1e3:.3g} ms | " + " | ".join(ratios) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
