"""Imports what programs and policy packs need, in the process that is forked for each of them."""

import pulumi_policy  # noqa: F401 - for the packs
import tenantnet.language_host.host
import tenantnet.program  # noqa: F401 - for the programs
from tenantnet.components import services

services.load({**services.OF_TENANTS, **services.OF_PLATFORMS})
