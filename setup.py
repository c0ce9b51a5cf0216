"""Lists the packages: their folders are not named as they are imported."""

from setuptools import find_packages, setup

FOLDERS = {"tenantnet": "infra", "tenantnet.policies": "policies", "tenantnet.local_cloud": "local_cloud"}

setup(
    package_dir=FOLDERS,
    packages=[
        name
        for package, folder in FOLDERS.items()
        for name in (package, *(f"{package}.{inner}" for inner in find_packages(folder)))
    ],
)
