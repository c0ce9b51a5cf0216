"""The local cloud: moto's AWS on loopback, completed where a tenant needs more than moto answers.

Nothing outside this package, its commands, scripts and tests imports it.
"""
