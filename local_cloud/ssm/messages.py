"""The messages of a data channel, as bytes: what the SSM agent and the session-manager-plugin exchange.

https://github.com/aws/session-manager-plugin/blob/mainline/src/message/clientmessage.go
"""

from __future__ import annotations

import hashlib
import json
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID, uuid4

# Header length, type, schema version, created (ms since 1970), sequence number, flags, message id.
FIRST = struct.Struct(">I32sIQqQ16s")
# SHA-256 of the payload, its type, its length.
SECOND = struct.Struct(">32sII")
# The length field does not count itself.
HEADER_LENGTH = FIRST.size + SECOND.size - 4
SCHEMA_VERSION = 1
# The agent cuts what it sends into pieces of this many bytes.
PIECE = 1024


class Kind(StrEnum):
    """What a message is. Input goes to the agent, output to the plugin."""

    INPUT = "input_stream_data"
    OUTPUT = "output_stream_data"
    ACKNOWLEDGE = "acknowledge"
    CHANNEL_CLOSED = "channel_closed"


class Payload(IntEnum):
    """What input and output carry."""

    NONE = 0
    DATA = 1
    HANDSHAKE_REQUEST = 5
    HANDSHAKE_RESPONSE = 6
    HANDSHAKE_COMPLETE = 7
    FLAG = 10


class Flag(IntEnum):
    """The content of a payload of that type: four bytes."""

    DISCONNECT_TO_PORT = 1
    TERMINATE_SESSION = 2
    CONNECT_TO_PORT_ERROR = 3


class MalformedError(ValueError):
    """Bytes that are no message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """sequence: counts input and output, each from 0. payload: plain bytes, or JSON."""

    kind: str
    payload: bytes
    payload_type: int = Payload.NONE
    sequence: int = 0
    flags: int = 0
    id: UUID = field(default_factory=uuid4)

    def encode(self) -> bytes:
        """The message as it is sent."""
        low, high = self.id.bytes[8:], self.id.bytes[:8]
        first = FIRST.pack(
            HEADER_LENGTH,
            self.kind.encode().ljust(32, b" "),
            SCHEMA_VERSION,
            time.time_ns() // 1_000_000,
            self.sequence,
            self.flags,
            low + high,
        )
        digest = hashlib.sha256(self.payload).digest()
        return first + SECOND.pack(digest, self.payload_type, len(self.payload)) + self.payload

    @classmethod
    def decode(cls, data: bytes) -> Message:
        """The message in bytes. Raises MalformedError."""
        try:
            length, kind, _, _, sequence, flags, identifier = FIRST.unpack_from(data)
            digest, payload_type, size = SECOND.unpack_from(data, length + 4 - SECOND.size)
        except struct.error as error:
            raise MalformedError(str(error)) from None
        payload = data[length + 4 :]
        if len(payload) != size or hashlib.sha256(payload).digest() != digest:
            raise MalformedError("the payload is not the one that the header is about")
        return cls(
            kind=kind.rstrip(b" \0").decode(errors="replace"),
            payload=payload,
            payload_type=payload_type,
            sequence=sequence,
            flags=flags,
            id=UUID(bytes=identifier[8:] + identifier[:8]),
        )

    def acknowledgement(self) -> Message:
        """What tells the sender that this one has arrived."""
        content = {
            "AcknowledgedMessageType": self.kind,
            "AcknowledgedMessageId": str(self.id),
            "AcknowledgedMessageSequenceNumber": self.sequence,
            "IsSequentialMessage": True,
        }
        # Both the first and the last of its sequence.
        return Message(kind=Kind.ACKNOWLEDGE, payload=_json(content), flags=3)

    def acknowledged_sequence(self) -> int:
        """Of an acknowledgement: which message has arrived. Raises MalformedError."""
        try:
            return int(json.loads(self.payload)["AcknowledgedMessageSequenceNumber"])
        except (ValueError, KeyError, TypeError) as error:
            raise MalformedError(str(error)) from None


def handshake_request(agent_version: str, properties: Mapping[str, Any]) -> bytes:
    """The payload with which an agent begins a session that forwards a port."""
    session = {"SessionType": "Port", "Properties": dict(properties)}
    action = {"ActionType": "SessionType", "ActionParameters": session}
    return _json({"AgentVersion": agent_version, "RequestedClientActions": [action]})


def handshake_complete() -> bytes:
    """The payload that lets the plugin open its port; the duration in nanoseconds."""
    return _json({"HandshakeTimeToComplete": 1_000_000, "CustomerMessage": ""})


def flag(value: Flag) -> bytes:
    return struct.pack(">I", value)


def channel_closed(session_id: str, target: str, output: str) -> Message:
    """The last message of a session. output: why, for people; empty where it ended as it should."""
    identifier = uuid4()
    content = {
        "MessageType": Kind.CHANNEL_CLOSED,
        "MessageId": str(identifier),
        "CreatedDate": str(time.time_ns() // 1_000_000),
        "DestinationId": target,
        "SessionId": session_id,
        "SchemaVersion": SCHEMA_VERSION,
        "Output": output,
    }
    return Message(kind=Kind.CHANNEL_CLOSED, payload=_json(content), id=identifier)


def _json(content: object) -> bytes:
    return json.dumps(content).encode()
