"""Tenantnet's components for programs in other Pulumi languages, as a plugin.

pulumi package add FOLDER-OF-THIS-PACKAGE
"""
