"""Writes docs/rules.md: every rule and policy, with an example of its error."""
