"""Has the bridge download Terraform's AWS provider.

    python -m tenantnet.toolchain.download_provider BRIDGE VERSION

It goes where PULUMI_DYNAMIC_TF_PLUGIN_CACHE_DIR says. Needs the packages of the virtual environment.
"""

from __future__ import annotations

import subprocess
import sys

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc


def main(bridge: str, version: str) -> None:
    """Ask the bridge to serve the provider, which makes it fetch the provider first."""
    with subprocess.Popen([bridge, "127.0.0.1:0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe, as asked
            channel = grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}")
            arguments = provider_pb2.ParameterizeRequest.ParametersArgs(args=["hashicorp/aws", version])
            provider_pb2_grpc.ResourceProviderStub(channel).Parameterize(
                provider_pb2.ParameterizeRequest(args=arguments)
            )
        except grpc.RpcError as error:
            sys.exit(f"the bridge could not get hashicorp/aws {version}: {error.details()}")
        finally:
            process.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
