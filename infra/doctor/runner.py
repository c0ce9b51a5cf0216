"""The runner of moves: the image that its builds start in."""

from __future__ import annotations

from collections.abc import Iterator

from tenantnet.doctor.finding import Finding, Planned, State

REMEDY = "build it from tools/runner/Dockerfile, push it to ECR, and name it by its digest in runner.image"


def image(planned: Planned) -> Iterator[Finding]:
    """Whether a build that starts at night gets the image that was meant."""
    if runner := planned.cell.settings.runner:
        yield judge_image(runner.image)


def judge_image(name: str) -> Finding:
    """name: as the settings have it. CodeBuild pulls AWS's own images, `aws/codebuild/...`, itself."""
    registry, _, _ = name.partition("/")
    if name.startswith("aws/codebuild/"):
        found = f"{name} is CodeBuild's own, which has neither Pulumi nor session-manager-plugin"
        return Finding(about="runner", state=State.WARNING, found=found, remedy=REMEDY)
    if "." not in registry:
        found = f"{name} is at Docker Hub, which refuses pulls from addresses that many share"
        return Finding(about="runner", state=State.WARNING, found=found, remedy=REMEDY)
    if "@sha256:" not in name:
        found = f"{name} is a tag, and may be other code when a move begins"
        return Finding(about="runner", state=State.WARNING, found=found, remedy=REMEDY)
    return Finding(about="runner", found=name)
