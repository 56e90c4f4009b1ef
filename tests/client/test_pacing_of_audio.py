"""How long audio is held back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.client.pacing import CATCH_UP_S, Pacer


def test_the_first_chunk_leaves_at_once_and_the_next_when_it_has_been_spoken():
    pacer = Pacer()
    assert pacer.wait_s(0.05, now_s=100.0) == 0.0
    assert abs(pacer.wait_s(0.05, now_s=100.01) - 0.04) < 1e-9


def test_with_a_head_start_the_pieces_of_a_live_chunk_leave_at_once_and_stay_in_pace():
    pacer = Pacer(head_start_s=0.25)
    live = [(100.0 + 0.1 * (piece // 2)) for piece in range(40)]  # two of 50 ms every 100 ms
    assert [pacer.wait_s(0.05, now_s=now_s) for now_s in live] == [0.0] * 40
    pushed = Pacer(head_start_s=0.25)
    waits = [pushed.wait_s(0.05, now_s=100.0) for _ in range(8)]
    assert waits[:6] == [0.0] * 6
    assert waits[6:] == pytest.approx([0.05, 0.10])


@given(st.lists(st.tuples(st.floats(0.01, 0.5), st.floats(0, 5)), max_size=50))
def test_nobody_gets_further_ahead_of_real_time_than_the_catching_up_allows(steps):
    pacer, now_s, sent = Pacer(), 0.0, []
    for audio_s, idle_s in steps:
        now_s += idle_s
        now_s += pacer.wait_s(audio_s, now_s=now_s)
        sent.append((now_s, audio_s))
    for first in range(len(sent)):
        audio_before_last_s = sum(audio_s for _, audio_s in sent[first:-1])
        assert audio_before_last_s <= sent[-1][0] - sent[first][0] + CATCH_UP_S + 1e-6
