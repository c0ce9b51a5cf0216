"""A console of a project, where there is neither an engine nor an account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.console import Console, running_console
from tests.support.desk import Desk
from tests.support.small_settings import ACME_SERVED, small_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = small_project(tmp_path_factory.mktemp("project"), acme=ACME_SERVED)
    return Desk(folder, {"PATH": "/nowhere", "AWS_EC2_METADATA_DISABLED": "true"})


@pytest.fixture(scope="module")
def console(project: Desk) -> Iterator[Console]:
    with running_console(project.folder, project.variables) as console:
        console.enter()
        yield console
