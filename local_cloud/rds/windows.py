"""When RDS backs up and maintains an instance: windows in UTC, `02:10-02:40` and `sun:04:00-sun:04:30`.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.BackupWindow.html
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from moto.rds.utils import valid_preferred_maintenance_window

# The hour at which a region's block of eight hours begins, out of which RDS takes windows that nobody chose.
BLOCKS = {"eu-central-1": 20, "eu-north-1": 23, "us-east-1": 3, "us-east-2": 3, "us-west-2": 6}
BLOCK_ELSEWHERE, BLOCK_HOURS, WINDOW_MINUTES = 22, 8, 30
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def choose_windows(region: str) -> dict[str, str]:
    """Two windows by chance that do not overlap, as settings of an instance."""
    while True:
        backup, (begin, end) = "-".join(_chance(region)), _chance(region)
        day = secrets.choice(DAYS)
        maintenance = f"{day}:{begin}-{day}:{end}"
        if begin < end and not valid_preferred_maintenance_window(maintenance, backup):
            return {"preferred_backup_window": backup, "preferred_maintenance_window": maintenance}


def _chance(region: str) -> tuple[str, str]:
    minutes = secrets.randbelow(BLOCK_HOURS * 60 - WINDOW_MINUTES)
    midnight = datetime.now(UTC).replace(hour=0, minute=0)
    begin = midnight + timedelta(hours=BLOCKS.get(region, BLOCK_ELSEWHERE), minutes=minutes)
    return f"{begin:%H:%M}", f"{begin + timedelta(minutes=WINDOW_MINUTES):%H:%M}"


def window_start(window: str) -> datetime | None:
    """When the window began in which we are; None outside of it."""
    now = datetime.now(UTC)
    begin, end = (datetime.strptime(each, "%H:%M").replace(tzinfo=UTC) for each in window.split("-"))
    start = now.replace(hour=begin.hour, minute=begin.minute, second=0, microsecond=0)
    if start > now:
        start -= timedelta(days=1)
    return start if now - start < (end - begin) % timedelta(days=1) else None
