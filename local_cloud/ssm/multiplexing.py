"""Many connections in one stream of bytes, as the plugin's smux does it (protocol version 1).

https://github.com/xtaci/smux/blob/master/frame.go
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

VERSION = 1
# Version, command, length of the data, stream's id.
HEADER = struct.Struct("<BBHI")
MAX_DATA = 32_768


class Command(IntEnum):
    OPEN = 0
    END = 1
    DATA = 2
    NOTHING = 3


@dataclass(frozen=True, slots=True)
class Frame:
    """data: at most MAX_DATA bytes, and only of DATA."""

    command: int
    stream: int
    data: bytes = b""

    def encode(self) -> bytes:
        return HEADER.pack(VERSION, self.command, len(self.data), self.stream) + self.data


class Frames:
    """Collects bytes as they come, and gives the frames in them."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are complete now. Raises ValueError for another version's."""
        self._rest += data
        while len(self._rest) >= HEADER.size:
            version, command, length, stream = HEADER.unpack_from(self._rest)
            if version != VERSION:
                raise ValueError(f"smux version {version} instead of {VERSION}")
            end = HEADER.size + length
            if len(self._rest) < end:
                return
            content, self._rest = self._rest[HEADER.size : end], self._rest[end:]
            yield Frame(command, stream, content)
