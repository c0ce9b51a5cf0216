"""Where single stacks are measured: a local cloud without databases, with a cell deployed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud

from tests.support.project import Project


@contextmanager
def deployed_cell() -> Iterator[Project]:
    """A project whose platform is up; it and its cloud are gone at the end."""
    with (
        TemporaryDirectory(prefix="tenantnet-benchmark-") as folder,
        LocalCloud(Path(folder, "cloud"), real_databases=False) as cloud,
    ):
        project = Project.of_clone(Path(folder, "project"), environment(cloud.state_dir))
        project.write_platform("platform-local")
        project.up("platform-local").check()
        yield project
