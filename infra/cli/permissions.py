"""`tenantnet permissions`: IAM policies by role."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.options import to_read, to_write_into
from tenantnet.failure import Failure
from tenantnet.forms import Form, check_form
from tenantnet.refusal import Refusal, Refused, Rule

if TYPE_CHECKING:
    from tenantnet.permissions.documents import Document, Role
    from tenantnet.permissions.scopes import PolicyPlace

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = Form(pattern=r"[a-z0-9](?:\.?[a-z0-9-])*(?:\.?[a-z0-9])", shortest=3, longest=63)
KEY_ID = Form(pattern="[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}", longest=36)
BUCKET_NAME = Rule(
    id="bucket-name",
    rule="a bucket's name has 3 to 63 small letters, digits, hyphens and single dots, and begins and ends "
    "with a letter or digit",
    reason="S3 has no bucket of another name, and the policies name it",
    remedy="give the bucket of PULUMI_BACKEND_URL, without s3://",
)
KEY_NAMED = Rule(
    id="key-id",
    rule="a KMS key's ID is a UUID, or mrk- with 32 hexadecimal digits",
    reason="a policy names a key by its ID: an alias or an ARN would permit nothing",
    remedy="aws kms describe-key --key-id alias/NAME --query KeyMetadata.KeyId",
)


def permissions(  # noqa: PLR0917 - typer gives them by name
    output: Annotated[
        Path, typer.Argument(help="The folder to write the policies into.", callback=to_write_into)
    ],
    account: Annotated[str, typer.Option(help="The AWS account's ID.")],
    region: Annotated[str, typer.Option(help="The cell's region.")],
    cell: Annotated[str, typer.Option(help="The cell's name.")],
    state_bucket: Annotated[str, typer.Option(help="The S3 bucket of Pulumi's state.")],
    secrets_key: Annotated[str, typer.Option(help="The ID of the KMS key of Pulumi's secrets.")],
    zone: Annotated[str, typer.Option(help="The name of the DNS zone of the tenants' endpoints.")],
    zone_id: Annotated[str | None, typer.Option(help="The zone's ID, once there is one.")] = None,
    claims_cell: Annotated[
        str | None, typer.Option(help="The cell whose claims table it uses, if not its own.")
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(help="A record of the local cloud, with the roles as access keys.", callback=to_read),
    ] = None,
) -> None:
    """Write the IAM policies of every role, and the boundary of the roles that a platform makes.

    Example: tenantnet permissions policies.eu1 --account 123456789012 --region eu-west-1 --cell eu1 \
    --state-bucket pulumi-state --secrets-key 1234abcd-12ab-34cd-56ef-1234567890ab --zone db.example.com
    """
    from tenantnet.permissions.scopes import PolicyPlace

    place = PolicyPlace(
        account=account,
        region=region,
        cell=cell,
        state_bucket=state_bucket,
        secrets_key=secrets_key,
        zone=zone,
        zone_id=zone_id,
        claims_cell=claims_cell,
    )
    if refusals := _check(place):
        raise Refused("The policies", refusals)
    _write_all(output, place, record)


def _check(place: PolicyPlace) -> list[Refusal]:
    from tenantnet.settings.checks import (
        check_account_id,
        check_platform_name,
        check_region,
        check_zone_id,
        check_zone_name,
    )
    from tenantnet.settings.project import PLATFORM_PREFIX

    cells = {"--cell": place.cell}
    if place.claims_cell is not None:
        cells["--claims-cell"] = place.claims_cell
    return [
        *(refusal.at("--account") for refusal in check_account_id(place.account)),
        *(refusal.at("--region") for refusal in check_region(place.region)),
        *(each.at(name) for name in cells for each in check_platform_name(f"{PLATFORM_PREFIX}{cells[name]}")),
        *check_form(BUCKET_NAME, BUCKET, place.state_bucket, "--state-bucket"),
        *check_form(KEY_NAMED, KEY_ID, place.secrets_key, "--secrets-key"),
        *(refusal.at("--zone") for refusal in check_zone_name(place.zone)),
        *(refusal.at("--zone-id") for refusal in (check_zone_id(place.zone_id) if place.zone_id else [])),
    ]


def _write_all(folder: Path, place: PolicyPlace, record: Path | None) -> None:
    from tenantnet.permissions.documents import RECORDED, Role, distil, documents, shipped
    from tenantnet.permissions.record import read_record

    recorded = distil(read_record(record)) if record else shipped()
    for role in Role:
        if role in recorded or role not in RECORDED:
            _write(folder, role, documents(role, place, recorded))


def _write(folder: Path, role: Role, policies: list[Document]) -> None:
    """One file, or several with numbers where IAM takes no policy of that size."""
    for number, policy in enumerate(policies, 1):
        file = folder / (f"{role}.json" if len(policies) == 1 else f"{role}-{number}.json")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(policy, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise Failure(
                f"The policy {file} cannot be written.",
                reason=str(error.strerror),
                remedy="choose another folder",
                state="The policies named above were written.",
            ) from error
        typer.echo(f"{file}: {len(policy['Statement'])} statements")
