"""Tenantnet's components for programs in other Pulumi languages: a plugin whose schema is read from types.

pulumi package add FOLDER-OF-THIS-PACKAGE
"""
