"""The settings of platforms and tenants: models, rules, and how files are loaded and edited.

models: the shape, as pydantic models. rules: every rule in words. checks: rules over one value. relations:
rules over several. loading: from an object that Pulumi read. files: from a settings file. reading: its YAML.
"""
