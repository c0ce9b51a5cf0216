"""Where in a settings file a problem is: the line, for editors and the logs of pipelines."""

from __future__ import annotations

import re

import yaml
from tenantnet.refusal import Refusal
from tenantnet.settings.alike import LOADER
from tenantnet.settings.loading import PLATFORM_KEY, TENANT_KEY
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

# As a refusal of the file as a whole names it, which has no path.
_LINE = re.compile(r"line (\d{1,7})\b")


def line_of(text: str, refusal: Refusal) -> int:
    """The line of the value that was refused or, where it is missing, of what it belongs in.

    text: empty where the file cannot be read.
    """
    if not refusal.path and (named := _LINE.match(refusal.value)):
        return min(int(named[1]), text.count("\n") + 1) if text else int(named[1])
    try:
        root = yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError:
        return 1
    keys = [key for key in re.split(r"\.|\[(\d+)\]", refusal.path) if key]
    if keys and (of_file := _walk(root, keys))[0] == 0:  # such as secretsprovider
        return of_file[1]
    ways = (["config", TENANT_KEY, *keys], ["config", PLATFORM_KEY, *keys], ["config", *keys])
    return min(_walk(root, way) for way in ways)[1]


def _walk(node: Node | None, way: list[str]) -> tuple[int, int]:
    """How many of the keys there are not, and the line of the last that there is."""
    line = 1
    for depth, key in enumerate(way):
        found = _child(node, key)
        if found is None:
            return len(way) - depth, line
        line, node = found
    return 0, line


def _child(node: Node | None, key: str) -> tuple[int, Node] | None:
    if isinstance(node, MappingNode):
        pairs = (pair for pair in node.value if isinstance(pair[0], ScalarNode) and pair[0].value == key)
        return next(((name.start_mark.line + 1, value) for name, value in pairs), None)
    if isinstance(node, SequenceNode) and key.isdigit() and int(key) < len(node.value):
        item = node.value[int(key)]
        return item.start_mark.line + 1, item
    return None
