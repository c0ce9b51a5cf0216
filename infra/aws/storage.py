"""gp3 storage of RDS for MySQL.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage
"""

from __future__ import annotations

from typing import Any

# From this size on RDS stripes a volume over four, and its performance can be chosen.
STRIPED_GIB = 400
# The least, which such a volume has where nobody chooses, and the most.
IOPS = (12_000, 64_000)
THROUGHPUT_MIB = (500, 4_000)
# For each MiB/s a volume needs so many IOPS.
IOPS_PER_MIB = 4


def performance(storage_gb: int, iops: int | None, throughput: int | None) -> dict[str, Any]:
    """What a volume of that size is asked for: nothing where RDS refuses to be asked.

    Otherwise all of it: a volume that grows across that size would be asked to keep what a smaller one has.
    """
    if storage_gb < STRIPED_GIB:
        return {}
    return {"iops": iops or IOPS[0], "storage_throughput": throughput or THROUGHPUT_MIB[0]}
