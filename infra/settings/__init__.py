"""The settings of both kinds of stack: models, rules, and how they are loaded.

models: the shape, as pydantic models. rules: every rule in words. checks: rules over one value. relations:
rules over several. loading: from an object that Pulumi read. files: from a settings file. reading: its YAML.
"""
