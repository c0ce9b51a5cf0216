"""Every property that the components set, beside what the plugin in use accepts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support import mock_stacks as stacks
from tests.support.mock_engine import RecordingEngine
from tests.support.schema import plugin_schema


@pytest.mark.parametrize("declare", [stacks.declare_cell, stacks.declare_acme, stacks.declare_moving_acme])
def test_the_plugin_accepts_every_property_that_the_components_set(
    declare: Callable[[], RecordingEngine],
) -> None:
    schema = plugin_schema()
    unknown = {
        f"{resource.type}: {name}"
        for resource in declare().registered
        if resource.custom
        for name in schema.unknown_inputs(resource.type, resource.inputs)
    }
    assert unknown == set()
