"""When RDS backs up and maintains an instance: windows in UTC, `02:10-02:40` and `sun:04:00-sun:04:30`.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.BackupWindow.html
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta

from tenantnet.aws.windows import BACKUP, DAY, DAYS, MAINTENANCE, SHORTEST, are_apart, minutes
from tenantnet.local_cloud.rds.rules import invalid_value

# The hour at which a region's block of eight hours begins, out of which RDS takes windows that nobody chose.
BLOCKS = {"eu-central-1": 20, "eu-north-1": 23, "us-east-1": 3, "us-east-2": 3, "us-west-2": 6}
BLOCK_ELSEWHERE, BLOCK_HOURS = 22, 8


def check_windows(backup: str, maintenance: str) -> None:
    """Raise RDS's error for windows that no instance may have."""
    weekly = maintenance.lower()
    if not re.fullmatch(BACKUP, backup):
        raise invalid_value(f"Invalid backup window format: {backup}. Should be hh24:mi-hh24:mi, in UTC.")
    if not re.fullmatch(MAINTENANCE, weekly):
        raise invalid_value(
            f"Invalid maintenance window format: {maintenance}. Should be specified as a range "
            "ddd:hh24:mi-ddd:hh24:mi (24H Clock UTC). Example: Sun:23:45-Mon:00:15"
        )
    for name, window in (("backup", backup), ("maintenance", weekly)):
        if minutes(window) < SHORTEST:
            raise invalid_value(f"The {name} window must be at least 30 minutes.")
    if minutes(weekly) >= DAY:
        raise invalid_value("Maintenance window must be less than 24 hours.")
    if not are_apart(backup, weekly):
        raise invalid_value("The backup window and maintenance window must not overlap.")


def choose_windows(region: str) -> dict[str, str]:
    """Two windows by chance that do not overlap, as settings of an instance."""
    while True:
        backup, (begin, end) = "-".join(_chance(region)), _chance(region)
        day = secrets.choice(DAYS)
        maintenance = f"{day}:{begin}-{day}:{end}"
        if begin < end and are_apart(backup, maintenance):
            return {"preferred_backup_window": backup, "preferred_maintenance_window": maintenance}


def _chance(region: str) -> tuple[str, str]:
    offset = secrets.randbelow(BLOCK_HOURS * 60 - SHORTEST)
    midnight = datetime.now(UTC).replace(hour=0, minute=0)
    begin = midnight + timedelta(hours=BLOCKS.get(region, BLOCK_ELSEWHERE), minutes=offset)
    return f"{begin:%H:%M}", f"{begin + timedelta(minutes=SHORTEST):%H:%M}"


def window_start(window: str) -> datetime | None:
    """When the window began in which we are; None outside of it."""
    now = datetime.now(UTC)
    begin, end = (datetime.strptime(each, "%H:%M").replace(tzinfo=UTC) for each in window.split("-"))
    start = now.replace(hour=begin.hour, minute=begin.minute, second=0, microsecond=0)
    if start > now:
        start -= timedelta(days=1)
    return start if now - start < (end - begin) % timedelta(days=1) else None
