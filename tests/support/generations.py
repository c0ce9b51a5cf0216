"""The MySQLs that a test of the databases runs on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tenantnet.local_cloud.mysql.installation import Generation, mysql
from tenantnet.local_cloud.process import LocalCloud

_HAS_BOTH = mysql(Generation.MYSQL_9_7).folder.is_dir()
# The later one has the words of RDS's 8.4, so the short run takes that one, and the full one both.
GENERATIONS = [
    pytest.param(Generation.MYSQL_8_0, marks=[pytest.mark.long] if _HAS_BOTH else []),
    Generation.MYSQL_9_7,
]


@pytest.fixture(scope="module", params=GENERATIONS)
def cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud for each MySQL, of the importing module's own."""
    if request.param is not Generation.MYSQL_8_0 and not mysql(request.param).folder.is_dir():
        pytest.skip(f"MYSQL {request.param} IS NOT TESTED: it is not installed")
    with LocalCloud(tmp_path_factory.mktemp("cloud"), mysql=request.param) as running:
        yield running
