"""The MySQLs that a test of the databases runs on."""

from __future__ import annotations

import pytest
from tenantnet.local_cloud.mysql.installation import Generation, mysql

_HAS_BOTH = mysql(Generation.MYSQL_9_7).folder.is_dir()
# The later one has the words of RDS's 8.4, so the short run takes that one, and the full one both.
GENERATIONS = [
    pytest.param(Generation.MYSQL_8_0, marks=[pytest.mark.long] if _HAS_BOTH else []),
    Generation.MYSQL_9_7,
]
