"""What a far side leaves out is made here: partials, ends of turns, answers. No socket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.gateway.breaker import FAILURES, FIRST_REST_S, LONGEST_REST_S, Breaker
from crossfade.gateway.deafness import PATIENCE_S, Deafness
from crossfade.gateway.turns import GRACE_MS, FarTurns
from crossfade.model import (
    Encoding,
    Final,
    NoEndpointing,
    Partial,
    RawAudio,
    SessionConfig,
    Silence,
    SilenceEndpointing,
    SpeechStarted,
    TurnEnded,
    Word,
)

AUDIO = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)
SILENCE = SilenceEndpointing(silence_ms=800)


def turns(*, endpointing=SILENCE, partials=True, forced_told=False):
    config = SessionConfig(
        language="en", audio=AUDIO, endpointing=endpointing, partials_wanted=partials
    )
    return FarTurns(config, tells_forced_ends=forced_told)


def word(text, start_ms):
    return Word(text=text, start_ms=start_ms, end_ms=start_ms + 300, confidence=0.9)


def final(*words, through_ms=None):
    return Final(turn=0, words=words, through_ms=through_ms or words[-1].end_ms)


def partial(*words, through_ms=0):
    return Partial(turn=0, words=words, through_ms=through_ms)


def ended(at_ms, *, forced=False):
    return TurnEnded(turn=0, at_ms=at_ms, confidence=1.0, forced=forced)


def kinds(events):
    return [type(event).__name__ for event in events]


HI, YOU = word("Hi", 500), word("you", 900)


def test_a_final_waits_for_its_partial_and_goes_without_when_anything_else_comes():
    session = turns()
    session.take(partial(HI, YOU, through_ms=1300))
    assert session.take(final(HI)) == []
    told = session.flush()
    assert kinds(told) == ["Final", "Partial"]
    assert told[1].words == (YOU,)


def test_without_partials_a_final_waits_for_nothing():
    assert kinds(turns(partials=False).take(final(HI))) == ["Final", "Partial"]


def test_an_end_of_turn_without_a_final_before_it_gets_one():
    session = turns()
    session.take(final(HI))
    session.take(partial(through_ms=900))
    session.take(partial(through_ms=1500))
    assert kinds(session.take(ended(1600))) == ["Final", "Partial", "TurnEnded"]


def test_a_far_side_that_only_has_finals_has_its_turns_ended_by_our_endpointing():
    session = turns()
    session.take(final(HI))
    session.take(partial(through_ms=900))
    at_ms = HI.end_ms + SILENCE.silence_ms
    assert kinds(session.take(partial(through_ms=at_ms + GRACE_MS - 1))) == ["Partial"]
    told = session.take(Silence(start_ms=800, end_ms=at_ms + GRACE_MS))
    assert kinds(told) == ["Silence", "Final", "Partial", "TurnEnded"]
    assert told[-1].at_ms == at_ms
    assert session.take(ended(at_ms + 1500)) == [], "its own end comes late and is not told twice"


def test_turns_that_nobody_wants_are_joined():
    session = turns(endpointing=NoEndpointing())
    for event in (final(HI), partial(), ended(900)):
        assert not any(isinstance(told, TurnEnded) for told in session.take(event))
    session.take(final(YOU))
    assert {event.turn for event in session.flush()} == {0}


def test_a_far_side_that_does_not_answer_a_forced_end_is_answered_for_once():
    session = turns()
    session.force()
    assert kinds(session.answer_force()) == ["Final", "Partial", "TurnEnded"]
    assert session.answer_force() == []


def test_the_next_end_of_a_turn_answers_a_forced_one_where_nobody_marks_it():
    session = turns()
    session.force()
    session.take(final(HI))
    told = [*session.take(partial()), *session.take(ended(900))]
    assert [event.forced for event in told if not isinstance(event, Partial)] == [True, True]
    assert not session.awaits_forced_end


def test_a_natural_end_is_no_answer_where_forced_ones_are_marked():
    session = turns(forced_told=True)
    session.force()
    session.take(final(HI))
    session.take(partial())
    assert [e.forced for e in session.take(ended(1600)) if isinstance(e, TurnEnded)] == [False]
    assert session.awaits_forced_end


def test_the_end_of_the_audio_alone_ends_no_turn():
    session = turns()
    session.end_of_audio(HI.end_ms + 300)
    session.take(final(HI))
    session.take(partial())
    assert session.take(ended(HI.end_ms)) == []
    assert session.finish() == []


FAR = st.lists(
    st.one_of(
        st.builds(final, st.just(HI)),
        st.builds(lambda ms: final(through_ms=ms), st.integers(1, 9000)),
        st.builds(lambda ms: partial(through_ms=ms), st.integers(0, 9000)),
        st.just(partial(YOU, through_ms=1300)),
        st.builds(lambda ms, forced: ended(ms, forced=forced), st.integers(0, 9000), st.booleans()),
        st.just(Silence(start_ms=2000, end_ms=3000)),
        st.just(SpeechStarted(turn=0, at_ms=400, confidence=1.0)),
        st.just("force"),
        st.just("flush"),
    ),
    max_size=30,
)


@given(FAR, st.sampled_from([SILENCE, NoEndpointing()]), st.booleans(), st.booleans())
def test_whatever_the_far_side_says_the_promised_order_holds(events, endpointing, partials, marks):
    session = turns(endpointing=endpointing, partials=partials, forced_told=marks)
    told = []
    n_forced = 0
    for event in events:
        if event == "force":
            session.force()
            n_forced += 1
        elif event == "flush":
            told += session.flush()
        else:
            told += session.take(event)
    told += session.finish()
    check_order(told)
    assert sum(e.forced for e in told if isinstance(e, TurnEnded)) >= n_forced


def check_order(told):
    turn = settled_ms = 0
    for at, event in enumerate(told):
        if isinstance(event, Final):
            assert isinstance(told[at + 1], Partial)
            assert event.through_ms >= settled_ms
            settled_ms = event.through_ms
        if isinstance(event, TurnEnded):
            assert kinds(told[at - 2 : at]) == ["Final", "Partial"]
            assert event.turn == turn
            turn += 1
        elif not isinstance(event, Silence):
            assert event.turn == turn
    assert not told or isinstance(told[-1], TurnEnded) or kinds(told[-2:]) == ["Final", "Partial"]


def test_a_breaker_opens_after_failures_and_lets_one_probe_through():
    breaker = Breaker()
    for _ in range(FAILURES):
        assert breaker.allows(0.0)
        breaker.failed(0.0)
    assert not breaker.allows(FIRST_REST_S - 1)
    assert breaker.allows(FIRST_REST_S)
    assert not breaker.allows(FIRST_REST_S), "nobody else while the probe runs"
    breaker.failed(FIRST_REST_S)
    assert not breaker.allows(2.5 * FIRST_REST_S), "the next rest is twice as long"
    assert breaker.allows(3 * FIRST_REST_S)
    breaker.succeeded()
    assert breaker.allows(3 * FIRST_REST_S)
    assert breaker.allows(3 * FIRST_REST_S)


def test_the_rests_of_a_breaker_do_not_grow_for_ever():
    breaker, now_s = Breaker(), 0.0
    for _ in range(20):
        now_s += LONGEST_REST_S
        assert breaker.allows(now_s)
        breaker.failed(now_s)


@pytest.mark.parametrize(
    ("level", "speed", "is_deaf"),
    [
        pytest.param(0.1, 1.0, True, id="speech-without-a-sign"),
        pytest.param(0.001, 1.0, False, id="a-silent-room"),
        pytest.param(0.1, 50.0, False, id="a-file-at-full-speed"),
    ],
)
def test_a_backend_is_deaf_that_says_nothing_to_loud_audio(level, speed, is_deaf):
    deafness = Deafness(AUDIO, now_s=0.0)
    second = int(level * 32767).to_bytes(2, "little", signed=True) * 16_000
    heard = [deafness.push(second, now_s=n / speed) for n in range(1, int(PATIENCE_S) + 2)]
    assert heard[-1] == is_deaf
    deafness.heard(now_s=20.0)
    assert not deafness.push(second, now_s=20.0)
