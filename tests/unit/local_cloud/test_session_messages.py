"""Bytes of a data channel: messages, and connections multiplexed in them."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantnet.local_cloud.ssm.messages import Kind, MalformedError, Message, Payload
from tenantnet.local_cloud.ssm.multiplexing import Command, Frame, Frames

messages = st.builds(
    lambda payload, sequence, identifier: Message(
        kind=Kind.INPUT, payload=payload, payload_type=Payload.DATA, sequence=sequence, id=identifier
    ),
    st.binary(max_size=2000),
    st.integers(0, 2**62),
    st.uuids(),
)
frames = st.builds(Frame, st.sampled_from(Command), st.integers(0, 2**32 - 1), st.binary(max_size=300))


@given(messages)
def test_a_message_comes_back_as_it_was(message: Message) -> None:
    assert Message.decode(message.encode()) == message


def test_a_message_has_its_fields_where_the_plugin_looks_for_them() -> None:
    data = Message(kind=Kind.OUTPUT, payload=b"abc", payload_type=Payload.DATA, sequence=7).encode()
    assert int.from_bytes(data[:4]) == 116
    assert data[4:36] == b"output_stream_data".ljust(32)
    assert int.from_bytes(data[48:56]) == 7
    assert data[80:112] == hashlib.sha256(b"abc").digest()
    assert int.from_bytes(data[112:116]) == Payload.DATA
    assert int.from_bytes(data[116:120]) == 3
    assert data[120:] == b"abc"


@given(messages, st.data())
def test_a_message_that_was_cut_or_changed_is_malformed(message: Message, data: st.DataObject) -> None:
    whole = message.encode()
    end = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(MalformedError):
        Message.decode(whole[:end])
    with pytest.raises(MalformedError):
        Message.decode(whole + b"x")


@given(messages)
def test_an_acknowledgement_names_the_message(message: Message) -> None:
    acknowledgement = Message.decode(message.acknowledgement().encode())
    assert acknowledgement.kind == Kind.ACKNOWLEDGE
    assert acknowledgement.acknowledged_sequence() == message.sequence
    assert str(message.id).encode() in acknowledgement.payload


@given(st.lists(frames), st.data())
def test_frames_come_back_however_the_stream_is_cut(sent: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(frame.encode() for frame in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)))))
    collecting = Frames()
    received: list[Frame] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        received += collecting.feed(stream[start:end])
    assert received == sent


def test_another_version_of_smux_is_refused() -> None:
    with pytest.raises(ValueError, match="version 2"):
        list(Frames().feed(b"\2" + Frame(Command.OPEN, 3).encode()[1:]))
