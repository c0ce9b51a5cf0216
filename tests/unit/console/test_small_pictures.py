"""Pictures of pages, made small: every filter of a line is undone, and colours stay what they look like."""

from __future__ import annotations

import struct
import zlib

import pytest

from tests.support.pictures import COLOURS, SIGNATURE, with_palette

WIDTH = 6
Pixels = list[tuple[int, int, int]]


def png(rows: list[Pixels], kind: int) -> bytes:
    """As Chromium writes it, with one filter for all lines."""
    lines, above = b"", bytes(3 * WIDTH)
    for row in rows:
        line = bytes(value for pixel in row for value in pixel)
        guessed = [guess(kind, line, above, at) for at in range(len(line))]
        lines += bytes([kind, *((value - less) % 256 for value, less in zip(line, guessed, strict=True))])
        above = line
    header = struct.pack(">IIBBBBB", WIDTH, len(rows), 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def guess(kind: int, line: bytes, above: bytes, at: int) -> int:
    """What the standard's five filters take a value for."""
    left, corner = (line[at - 3], above[at - 3]) if at >= 3 else (0, 0)
    up = above[at]
    distances = [
        (abs(left + up - corner - each), order, each) for order, each in enumerate((left, up, corner))
    ]
    return (0, left, up, (left + up) // 2, min(distances)[2])[kind]


def colours(picture: bytes) -> bytes:
    """Red, green and blue of all pixels, one after another."""
    begin, found = len(SIGNATURE), {}
    while begin < len(picture):
        length, name = struct.unpack(">I4s", picture[begin : begin + 8])
        found[name] = picture[begin + 8 : begin + 8 + length]
        begin += length + 12
    palette, lines = found[b"PLTE"], zlib.decompress(found[b"IDAT"])
    drawn = [each for at, each in enumerate(lines) if at % (WIDTH + 1)]
    return b"".join(palette[3 * each : 3 * each + 3] for each in drawn)


@pytest.mark.parametrize("kind", range(5))
def test_few_colours_stay_as_they_are_whatever_the_filter(kind: int) -> None:
    rows: list[Pixels] = [[(x * 40, y * 37 % 256, x * y * 11 % 256) for x in range(WIDTH)] for y in range(9)]
    assert colours(with_palette(png(rows, kind))) == bytes(v for row in rows for pixel in row for v in pixel)


def test_many_colours_become_few_that_look_alike_and_black_and_white_stay() -> None:
    rows: list[Pixels] = [[(x * 40, y * 2, (x + y) % 256) for x in range(WIDTH)] for y in range(120)]
    rows[0][:2] = [(0, 0, 0), (255, 255, 255)]
    before = bytes(value for row in rows for pixel in row for value in pixel)
    after = colours(with_palette(png(rows, 0)))
    assert len({before[at : at + 3] for at in range(0, len(before), 3)}) > COLOURS
    assert len({after[at : at + 3] for at in range(0, len(after), 3)}) <= COLOURS
    assert after[:6] == before[:6]
    assert max(abs(one - other) for one, other in zip(before, after, strict=True)) <= 32
