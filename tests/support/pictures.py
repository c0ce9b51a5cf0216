"""Makes a picture of a page small: Chromium's own are of 16 million colours, and a page has few."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIXEL, COLOURS = 3, 256


def with_palette(png: bytes) -> bytes:
    """The same picture, of 8-bit RGB, with at most 256 colours: shades that look alike become one."""
    chunks = list(_chunks(png))
    width, height = struct.unpack(">II", chunks[0][1][:8])
    raw = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    rows = _rows(raw, width * PIXEL)
    pixels = [bytes(row[at : at + PIXEL]) for row in rows for at in range(0, len(row), PIXEL)]
    found, levels = set(pixels), COLOURS - 1
    while len({_rounded(each, levels) for each in found}) > COLOURS:
        levels //= 2
    palette = sorted({_rounded(each, levels) for each in found})
    index = {each: palette.index(_rounded(each, levels)) for each in found}
    drawn = bytes(index[each] for each in pixels)
    lines = b"".join(b"\0" + drawn[at : at + width] for at in range(0, len(drawn), width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    made = {b"IHDR": header, b"PLTE": b"".join(palette), b"IDAT": zlib.compress(lines, 9), b"IEND": b""}
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in made.items()
    )


def _rounded(colour: bytes, levels: int) -> bytes:
    return bytes(round(round(value * levels / 255) * 255 / levels) for value in colour)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        yield kind, png[at + 8 : at + 8 + length]
        at += length + 12


def _rows(raw: bytes, length: int) -> Iterator[bytearray]:
    """Undo the filters of lines: https://www.w3.org/TR/png-3/#9Filters."""
    above = bytearray(length)
    for begin in range(0, len(raw), length + 1):
        kind, line = raw[begin], bytearray(raw[begin + 1 : begin + 1 + length])
        for at in range(length):
            left, corner = (line[at - PIXEL], above[at - PIXEL]) if at >= PIXEL else (0, 0)
            line[at] = (line[at] + _predicted(kind, left, above[at], corner)) % 256
        yield line
        above = line


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 4:
        guess = left + up - corner
        return min((left, up, corner), key=lambda each: abs(guess - each))
    return (0, left, up, (left + up) // 2)[kind]
