"""When writes were held back in a move, as a picture. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from xml.etree import ElementTree as ET

from tenantnet.observed.progress import ProgressEvent
from tenantnet.phases.journal import held_back

WIDTH, HEIGHT = 1000, 40
# A band of seconds in a move of hours is still seen.
NARROWEST = 4


def band(events: Sequence[ProgressEvent], until: datetime) -> str:
    """An SVG element from the first event to the last one, or `until`, if writes are held back then.

    Empty if writes were never held back. Its colours are in the console's stylesheet.
    """
    bands = [(begin, end or until) for begin, end in held_back(events)]
    if not bands:
        return ""
    first, last = events[0].at, max(events[-1].at, bands[-1][1])
    length = max((last - first).total_seconds(), 1.0)
    root = ET.Element("svg", {"class": "band", "viewBox": f"0 0 {WIDTH} {HEIGHT}", "role": "img"})
    root.set("preserveAspectRatio", "none")
    words = [f"from {begin:%H:%M:%S} to {end:%H:%M:%S} UTC" for begin, end in bands]
    root.set("aria-label", f"Writes were held back {', and '.join(words)}")
    ET.SubElement(root, "rect", {"class": "move", "width": str(WIDTH), "height": str(HEIGHT)})
    for begin, end in bands:
        left = WIDTH * (begin - first).total_seconds() / length
        width = max(WIDTH * (end - begin).total_seconds() / length, NARROWEST)
        sizes = {"x": f"{min(left, WIDTH - width):.1f}", "width": f"{width:.1f}", "height": str(HEIGHT)}
        ET.SubElement(root, "rect", {"class": "held", **sizes})
    return ET.tostring(root, encoding="unicode")
