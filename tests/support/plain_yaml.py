"""YAML as people write settings files."""

from __future__ import annotations

from ruamel.yaml import YAML


def plain_yaml() -> YAML:
    """A reader and writer that writes out everything, without anchors and aliases."""
    yaml = YAML(typ="safe")
    yaml.representer.ignore_aliases = lambda _: True
    return yaml
