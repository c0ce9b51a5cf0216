"""RDS's windows, in UTC: `03:00-03:30` of each day for backups, `sun:04:00-sun:04:30` of each week.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.BackupWindow.html and
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Maintenance.html
"""

from __future__ import annotations

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
_DAY = f"({'|'.join(DAYS)})"
BACKUP = f"{_TIME}-{_TIME}"
MAINTENANCE = f"{_DAY}:{_TIME}-{_DAY}:{_TIME}"
# Minutes.
DAY, WEEK = 1440, 10_080
SHORTEST = 30


def minutes(window: str) -> int:
    """How long a window is, which has one of the two forms."""
    begin, end = _bounds(window)
    return (end - begin) % (WEEK if window[0].isalpha() else DAY)


def are_apart(backup: str, maintenance: str) -> bool:
    """Whether two windows, of less than a day each, have a minute between them on each side."""
    daily, weekly = _bounds(backup)[0], _bounds(maintenance)[0]
    return (weekly - daily) % DAY > minutes(backup) and (daily - weekly) % DAY > minutes(maintenance)


def _bounds(window: str) -> tuple[int, int]:
    begin, end = (_minute(*each.split(":")) for each in window.split("-"))
    return begin, end


def _minute(*parts: str) -> int:
    *day, hour, minute = parts
    return sum(DAYS.index(each) * DAY for each in day) + int(hour) * 60 + int(minute)
