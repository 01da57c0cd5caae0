"""Signals between processes: the payload fits PostgreSQL's limit and says what changed."""

from hypothesis import given
from hypothesis import strategies as st

from shopwright.kernel.signals import MAX_NOTIFY_BYTES, Signal, decode, encode

SIGNALS = st.builds(
    Signal, st.integers(1, 10**6), st.sampled_from(["order", "printer"]), st.integers(0, 10**9)
)


@given(st.sets(SIGNALS, max_size=20))
def test_what_was_sent_arrives(signals: set[Signal]) -> None:
    origin, arrived = decode(encode("here", signals))
    assert origin == "here"
    assert set(arrived) == signals


def test_a_crowd_of_rows_becomes_whole_lists() -> None:
    payload = encode("here", {Signal(1, "order", key) for key in range(5000)})
    assert len(payload) < MAX_NOTIFY_BYTES
    assert decode(payload)[1] == [Signal(1, "order", 0)]
