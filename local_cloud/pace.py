"""How long things take here that take their time at AWS: one setting for all of them.

`TENANTNET_LOCAL_PACE` is how many seconds one of AWS's takes: with 1 all is as slow as at AWS. Orders stay.
"""

from __future__ import annotations

import os

PACE = float(os.environ.get("TENANTNET_LOCAL_PACE", "0.01"))


def here(seconds: float) -> float:
    """What takes so many seconds at AWS takes so many here."""
    return seconds * PACE
