"""Lists the packages, whose folders are not named as they are imported; ships what they need of the top."""

from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

FOLDERS = {"tenantnet": "infra", "tenantnet.policies": "policies", "tenantnet.local_cloud": "local_cloud"}
# Files of the clone's top that `tenantnet init` copies, and the pages: infra/toolchain/places.py finds them.
SHIPPED = (
    "docs/*.md",
    "Pulumi.yaml",
    "requirements.lock",
    ".github/workflows/review*.yaml",
    "policies/PulumiPolicy.yaml",
    # What the engine is built from.
    "tools/go.lock",
    *(
        f"tools/{module}/*"
        for module in ("pulumi", "bridge", "language_host", "aws-plugin", "session-manager-plugin")
    ),
)


class BuildWithShipped(build_py):
    """Copies what is shipped into the package, where there is no clone beside it."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        top = Path(__file__).parent
        found = {pattern: sorted(top.glob(pattern)) for pattern in SHIPPED}
        if missing := [pattern for pattern, files in found.items() if not files]:
            raise FileNotFoundError(f"nothing to ship as {', '.join(missing)}")
        for file in (
            each for files in found.values() for each in files if not each.name.endswith("_test.go")
        ):
            target = Path(self.build_lib, "tenantnet", "shipped", file.relative_to(top))
            self.mkpath(str(target.parent))
            self.copy_file(str(file), str(target))


setup(
    package_dir=FOLDERS,
    packages=[
        name
        for package, folder in FOLDERS.items()
        for name in (package, *(f"{package}.{inner}" for inner in find_packages(folder)))
    ],
    cmdclass={"build_py": BuildWithShipped},
)
