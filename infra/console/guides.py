"""A guide for a company's device as one file to download."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from starlette.responses import Response
from tenantnet.vpn.guides import Guide


def as_download(guide: Guide, name: str) -> Response:
    """The guide's only file, or all of them in an archive. name: the download's, without an ending."""
    if len(guide) == 1:
        [(file, text)] = guide.items()
        return _download(text.encode(), f"{name}-{file}")
    archive = BytesIO()
    with ZipFile(archive, "w", ZIP_DEFLATED) as packed:
        for file, text in guide.items():
            packed.writestr(f"{name}/{file}", text)
    return _download(archive.getvalue(), f"{name}.zip")


def _download(content: bytes, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)
