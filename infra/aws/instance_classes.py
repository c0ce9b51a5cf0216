"""The RDS instance classes that MySQL 8.4 runs on, and what their sizes mean.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html and
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
"""

from __future__ import annotations

GIB = 1024**3

_STANDARD = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")
_INTEL = (*_STANDARD, "24xlarge")
_BURSTABLE = ("micro", "small", "medium", "large", "xlarge", "2xlarge")

FAMILIES: dict[str, tuple[str, ...]] = {
    "t3": _BURSTABLE,
    "t4g": _BURSTABLE,
    "m5": _INTEL,
    "m6g": _STANDARD,
    "m6i": (*_INTEL, "32xlarge"),
    "m7g": _STANDARD,
    "m7i": (*_INTEL, "48xlarge"),
    "m8g": (*_INTEL, "48xlarge"),
    "r5": _INTEL,
    "r6g": _STANDARD,
    "r6i": (*_INTEL, "32xlarge"),
    "r7g": _STANDARD,
    "r7i": (*_INTEL, "48xlarge"),
    "r8g": (*_INTEL, "48xlarge"),
}

_BURSTABLE_MEMORY_GIB = {"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32}
# Per 4 vCPUs, the size called xlarge.
_XLARGE_MEMORY_GIB = {"m": 16, "r": 32}

# Performance Insights needs extra memory.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PerfInsights.Overview.Engines.html
_WITHOUT_PERFORMANCE_INSIGHTS = {"db.t3.micro", "db.t3.small", "db.t4g.micro", "db.t4g.small"}

# RDS sets max_connections to {DBInstanceClassMemory/12582880}.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections
_BYTES_PER_CONNECTION = 12_582_880
# DBInstanceClassMemory is what RDS's own processes and the operating system leave of the class's memory.
_LEFT_FOR_MYSQL = 0.75


def offered() -> list[str]:
    """Every class, as the API spells it: `db.t4g.small`."""
    return [f"db.{family}.{size}" for family, sizes in FAMILIES.items() for size in sizes]


def memory_bytes(instance_class: str) -> int:
    """The memory of an offered class, in bytes."""
    _, family, size = instance_class.split(".")
    if family.startswith("t"):
        return _BURSTABLE_MEMORY_GIB[size] * GIB
    xlarge = _XLARGE_MEMORY_GIB[family[0]] * GIB
    if size == "large":
        return xlarge // 2
    return xlarge * int(size.removesuffix("xlarge") or 1)


def max_connections(instance_class: str) -> int:
    """The connections that MySQL accepts at most in an offered class, by RDS's default."""
    return int(memory_bytes(instance_class) * _LEFT_FOR_MYSQL) // _BYTES_PER_CONNECTION


def supports_performance_insights(instance_class: str) -> bool:
    """Whether RDS offers Performance Insights for MySQL in an offered class."""
    return instance_class not in _WITHOUT_PERFORMANCE_INSIGHTS
