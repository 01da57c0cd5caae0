"""MQTT packets survive a round trip in pieces; hostile bytes are Malformed and no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwright.sandbox.bambu import mqtt_codec as mqtt

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
NUMBER = st.integers(1, 0xFFFF)
QOS = st.integers(0, 1)
PACKETS = st.one_of(
    st.builds(
        mqtt.Connect,
        TEXT,
        st.none() | TEXT,
        st.none() | st.binary(max_size=40),
        st.integers(0, 0xFFFF),
    ),
    st.builds(mqtt.ConnAck, st.integers(0, 5)),
    st.builds(mqtt.Publish, TEXT, st.binary(max_size=300), st.just(0), st.none(), st.booleans()),
    st.builds(mqtt.Publish, TEXT, st.binary(max_size=300), st.just(1), NUMBER, st.booleans()),
    st.builds(mqtt.PubAck, NUMBER),
    st.builds(
        mqtt.Subscribe, NUMBER, st.lists(st.tuples(TEXT, QOS), min_size=1, max_size=4).map(tuple)
    ),
    st.builds(mqtt.SubAck, NUMBER, st.lists(st.sampled_from([0, 1, 0x80])).map(tuple)),
    st.builds(mqtt.Unsubscribe, NUMBER, st.lists(TEXT, max_size=4).map(tuple)),
    st.builds(mqtt.UnsubAck, NUMBER),
    st.sampled_from([mqtt.PingReq(), mqtt.PingResp(), mqtt.Disconnect()]),
)


@given(st.lists(PACKETS, max_size=5), st.integers(1, 50))
def test_packets_survive_a_round_trip_in_pieces(packets: list[mqtt.Packet], size: int) -> None:
    stream = b"".join(mqtt.encode(packet) for packet in packets)
    decoder = mqtt.Decoder()
    found = []
    for start in range(0, len(stream), size):
        found += decoder.feed(stream[start : start + size])
    assert found == packets


@given(st.binary(max_size=400))
def test_any_bytes_are_packets_or_malformed(content: bytes) -> None:
    try:
        packets = mqtt.Decoder(max_packet_bytes=200).feed(content)
    except mqtt.Malformed:
        return
    assert isinstance(packets, list)


@given(st.integers(0, 255), st.binary(max_size=100))
def test_any_body_is_a_packet_or_malformed(first: int, body: bytes) -> None:
    try:
        mqtt.decode(first, body)
    except mqtt.Malformed:
        return


def test_announced_size_is_refused_before_its_content_arrives() -> None:
    with pytest.raises(mqtt.Malformed, match="at most 262144"):
        mqtt.Decoder().feed(b"\x30\xff\xff\xff\x7f")


@pytest.mark.parametrize(
    "content",
    [
        b"\x30\xff\xff\xff\xff\x01",  # a length of five bytes
        b"\x34\x05\x00\x01a\x00\x01",  # QoS 2
        b"\x80\x02\x00\x01",  # SUBSCRIBE without its flags
        b"\x82\x02\x00\x01",  # SUBSCRIBE without a filter
        b"\x82\x06\x00\x00\x00\x01a\x00",  # packet id 0
        b"\xc0\x01\x00",  # PINGREQ with a body
        b"\xf0\x00",  # packet type 15
        b"\x30\x03\x00\x01\xff",  # a topic that is not UTF-8
        b"\x10\x04\x00\x04MQ",  # CONNECT that ends early
    ],
)
def test_broken_packets_are_malformed(content: bytes) -> None:
    with pytest.raises(mqtt.Malformed):
        mqtt.Decoder().feed(content)


def test_mqtt5_connect_is_understood_far_enough_to_be_refused() -> None:
    packet = mqtt.encode(mqtt.Connect("x", level=5))
    assert mqtt.Decoder().feed(packet) == [mqtt.Connect("", None, None, 60, 5)]
