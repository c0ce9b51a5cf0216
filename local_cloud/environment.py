"""The environment that turns plain `pulumi`, `aws` and boto3 to the local cloud."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from tenantnet.aws.authorities import AUTHORITY_VARIABLE
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.local_cloud.state import ADMINISTRATOR_KEY, LOOPBACK
from tenantnet.refusal import Refusal, Refused
from tenantnet.toolchain.places import home

REGION = "eu-west-1"


def environment(state_dir: Path) -> dict[str, str]:
    """The variables to set for the local cloud that runs in `state_dir`. Raises Refused where none does."""
    cloud = LocalCloud(state_dir)
    server = cloud.server()
    if server is None:
        refusal = Refusal(
            value=str(state_dir),
            rule="the environment is that of a running local cloud",
            reason="no local cloud runs here, so there is no endpoint to point at",
            remedy="tenantnet local start",
        )
        raise Refused("The local cloud", [refusal])
    return {
        **engine_variables(),
        # The backend replaces a file in one act, but not the metadata that it would keep beside it: a kill in
        # between leaves them half written, and a stack without a checkpoint that can be read.
        "PULUMI_BACKEND_URL": f"file://{cloud.state.pulumi}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": "tenantnet-local",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": ADMINISTRATOR_KEY,
        "AWS_SECRET_ACCESS_KEY": server.secret,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "TENANTNET_NAME_SERVER": server.name_server,
        AUTHORITY_VARIABLE: str(cloud.state.authority),
        **_no_proxy(),
    }


# What else would send a caller elsewhere: a profile, temporary credentials, endpoints per service.
_OTHERS = re.compile(
    r"AWS_((DEFAULT_)?PROFILE|SESSION_TOKEN|SECURITY_TOKEN|ROLE_ARN|ROLE_SESSION_NAME|WEB_IDENTITY_TOKEN_FILE"
    r"|CONTAINER_(CREDENTIALS|AUTHORIZATION)_\w+|ENDPOINT_URL_\w+|IGNORE_CONFIGURED_ENDPOINT_URLS"
    r"|USE_(FIPS|DUALSTACK)_ENDPOINT)|PULUMI_CONFIG_PASSPHRASE_FILE"
)


def in_the_way() -> list[str]:
    """The variables of this environment to unset, sorted: they would lead elsewhere."""
    return sorted(name for name in os.environ if _OTHERS.fullmatch(name))


def _no_proxy() -> dict[str, str]:
    """What keeps a proxy out of the way: botocore would send it even what is meant for this machine."""
    # Where both are set, Python reads the one in lower case.
    name = "no_proxy" if "no_proxy" in os.environ else "NO_PROXY"
    hosts = [other for other in os.environ.get(name, "").split(",") if other and other != LOOPBACK]
    return {name: ",".join([*hosts, LOOPBACK])}


def engine_variables() -> dict[str, str]:
    """PATH with the project's own programs first; PULUMI_HOME only where it has its own engine."""
    place = home()
    engine = place / ".engine"
    virtualenv = () if sys.prefix == sys.base_prefix else (Path(sys.prefix, "bin"),)
    folders = (engine / "bin", place / ".tools" / "bin", *virtualenv)
    own = [str(folder) for folder in folders if folder.is_dir()]
    others = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder not in own]
    variables = {"PATH": os.pathsep.join([*own, *others])}
    if (engine / "bin").is_dir():
        variables["PULUMI_HOME"] = str(engine / "home")
    return variables
