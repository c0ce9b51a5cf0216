"""An update of many tenants in waves: a few first, then growing shares, and what holds the next one. Pure."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain, count

from tenantnet.fleet.selection import spread
from tenantnet.forms import Form, because, check_form
from tenantnet.refusal import Refused, Rule
from tenantnet.stacks.outputs import Model
from tenantnet.tags import Slot

SOAK_MINUTES = 10
WAVE_FORM = Rule(
    id="wave-form",
    rule="a wave is a share of the tenants in percent, such as 10%: a whole number from 1 to 100",
    reason="the first wave after the canary has this share, and each later one twice as many tenants",
    remedy="give such a share, or leave out --wave: then all other tenants follow the canary at once",
)
WAVES_FIRST = Rule(
    id="waves-first",
    rule="only an update in waves has something between two waves",
    reason="neither --canary nor --wave divides the tenants",
    remedy="add --canary or --wave, or leave out --soak and --pause",
)
_WAVE = Form(pattern="[0-9]{1,3}%", longest=4)


class Waves(Model):
    """How a fleet is divided.

    canary: tenants of the first wave; 0 for none. percent: the share of the next wave; each later one is
    twice as large. soak_minutes: how long the updated tenants' alarms are looked at after each wave.
    pause: the run ends after each wave, and the next one begins when it is resumed.
    """

    canary: int
    percent: int
    soak_minutes: float
    pause: bool

    @classmethod
    def asked(
        cls, canary: int | None, wave: str | None, soak: float | None, *, pause: bool, resumes: bool = False
    ) -> Waves | None:
        """By a command's options; None if the tenants are not divided. Raises Refused.

        resumes: whether a run goes on, which has its waves already.
        """
        if canary is None and wave is None:
            if soak is None and not pause:
                return None
            if not resumes:
                given = ("--pause", "") if soak is None else (soak, "--soak")
                raise Refused("The command", [WAVES_FIRST.refuse(*given)])
        percent = _percent("100%" if wave is None else wave)
        minutes = SOAK_MINUTES if soak is None else soak
        return cls(canary=canary or 0, percent=percent, soak_minutes=minutes, pause=pause)

    def of(self, tenants: Collection[str]) -> list[list[str]]:
        """The waves, each sorted by name. They follow from the names alone, so a resumed run has the same."""
        order, waves = spread(tenants), []
        share = -(-len(order) * self.percent // 100)
        for size in chain([self.canary], (share * 2**turn for turn in count())):
            if not order:
                break
            if size:
                waves.append(sorted(order[:size]))
                order = order[size:]
        return waves


def _percent(wave: str) -> int:
    if refusals := check_form(WAVE_FORM, _WAVE, wave, "--wave"):
        raise Refused("The waves", refusals)
    percent = int(wave.removesuffix("%"))
    if not 1 <= percent <= 100:
        raise Refused("The waves", [because(WAVE_FORM.refuse(wave, "--wave"), "is not from 1% to 100%")])
    return percent


def worse(raised: Collection[str], before: Collection[str], tenants: Collection[str]) -> dict[str, str]:
    """The alarms that are raised and were not before the run, each with its tenant.

    raised, before: the names of all alarms of an account that are, such as `acme-blue-CPUUtilization`.
    tenants: all of the project, since one's name may begin as another's.
    """
    owners = {alarm: _owner(alarm, tenants) for alarm in sorted({*raised} - {*before})}
    return {alarm: owner for alarm, owner in owners.items() if owner}


def _owner(alarm: str, tenants: Collection[str]) -> str:
    names = (name for name in tenants for slot in Slot if alarm.startswith(f"{name}-{slot}-"))
    # acme-blue-eu's alarms begin as acme's do.
    return max(names, key=len, default="")
