"""Events of several connections as one timeline: no word lost, none twice."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crossfade.client.border import (
    MAX_CONTEXT_MS,
    MAX_PACED_CONTEXT_MS,
    MIN_CONTEXT_MS,
    n_known,
    replay_from,
)
from crossfade.client.sources import MEDIA_AUDIO
from crossfade.client.timeline import Timeline
from crossfade.model import (
    AudioAccepted,
    Final,
    Partial,
    SessionConfig,
    SessionEnded,
    Silence,
    SilenceEndpointing,
    TurnEnded,
    Word,
)
from crossfade.recognizers.play import Play
from legible import babble, heard_from

N_MS = 60_000
CONFIG = SessionConfig(
    language="en",
    audio=MEDIA_AUDIO,
    endpointing=SilenceEndpointing(silence_ms=800),
    max_delay_ms=1500,
)


def word(text, start_ms, end_ms):
    return Word(text=text, start_ms=start_ms, end_ms=end_ms, confidence=1.0)


def listen(script, losses_ms, *, whole_turns):
    """What a session tells of a script whose connection is lost at these positions."""
    timeline, told, at_ms = Timeline(), [], 0
    for loss_ms in [*losses_ms, None]:
        play = Play(CONFIG, iter(list(heard_from(script, at_ms))))
        until_ms = (N_MS if loss_ms is None else loss_ms) - at_ms
        events = [*play.advance(max(until_ms, 0))]
        if loss_ms is None:
            events += [*play.finish(), SessionEnded(audio_ms=until_ms, session_ms=until_ms)]
        for event in turns_only(events) if whole_turns else events:
            told += timeline.take(event)
        at_ms = timeline.replay_from_ms(is_paced=whole_turns) // 50 * 50
        timeline.resume(at_ms=at_ms, chunks_before=at_ms // 50, session_ms=0)
    return told


def turns_only(events):
    """As a vendor tells it whose words are final when their turn ends, at its last word."""
    words = []
    for event in events:
        match event:
            case Final():
                words += event.words
            case TurnEnded() | SessionEnded():
                end_ms = words[-1].end_ms if words else 0
                if words:
                    turn = event.turn if isinstance(event, TurnEnded) else 10_000
                    yield Final(turn=turn, words=tuple(words), through_ms=end_ms)
                if isinstance(event, TurnEnded):
                    yield TurnEnded(turn=event.turn, at_ms=end_ms, confidence=1.0)
                words = []
            case _:
                pass


def texts(events):
    return [w.text for event in events if isinstance(event, Final) for w in event.words]


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 1000),
    st.lists(st.integers(1000, N_MS), max_size=8).map(sorted),
    st.booleans(),
)
@example(3, [5000, 5000, 5000], False)
def test_wherever_connections_break_each_word_is_final_once(seed, losses_ms, whole_turns):
    script = babble(N_MS, seed=seed)
    told = listen(script, losses_ms, whole_turns=whole_turns)
    assert texts(told) == [w.text for w in script]
    words = [w for event in told if isinstance(event, Final) for w in event.words]
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(words))
    turns = [event.turn for event in told if isinstance(event, TurnEnded)]
    assert turns == list(range(len(turns)))


SAID = (word("we", 0, 200), word("met", 220, 500), word("again", 520, 1000))


@pytest.mark.parametrize(
    ("heard", "n_old"),
    [
        pytest.param("", 0, id="nothing-heard-yet"),
        pytest.param("we@0-200", 1, id="the-first-of-the-known"),
        pytest.param("we@0-200 met@230-490 again@540-990", 3, id="all-of-them"),
        pytest.param("we@0-200 met@230-490 again@540-990 at@1010-1100", 3, id="and-a-new-one"),
        pytest.param("we@0-200 met@230-490 again@540-930 at@935-1030", 3, id="which-came-early"),
        pytest.param("met@230-490 again@540-1100 at@1110-1200", 2, id="the-first-was-cut"),
        pytest.param("we@0-200 meta@220-600 gain@620-1010 at@1020-1100", 3, id="heard-differently"),
        pytest.param("wet@0-300 met@310-500 a@520-600 gain@610-990 at@1020-1100", 4, id="more"),
        pytest.param("we@0-200 met@230-490 again@540-990 again@1000-1400", 3, id="said-twice"),
        pytest.param("at@4500-5000", 0, id="far-behind"),
    ],
)
def test_known_words_are_told_from_new_ones(heard, n_old):
    words = []
    for item in heard.split():
        text, _, times = item.partition("@")
        words.append(word(text, *map(int, times.split("-"))))
    assert n_known(SAID, words, border_ms=1000) == n_old


READ = [
    word("so", 9000, 9250),
    word("a", 9300, 9600),
    word("b", 10_050, 12_000),  # behind the longest pause that is near and far enough
    word("c", 12_400, 13_000),  # the longest of the last seconds
    word("d", 13_100, 14_900),
    word("e", 15_900, 16_000),  # a longer one, but too near
]


@pytest.mark.parametrize(("is_paced", "start_ms"), [(False, 9600), (True, 12_000)])
def test_replaying_begins_in_the_longest_pause_of_what_is_known(is_paced, start_ms):
    assert replay_from(READ, 16_000, is_paced=is_paced) == start_ms


@pytest.mark.parametrize("is_paced", [False, True])
def test_replaying_begins_at_the_beginning_of_a_young_session(is_paced):
    assert replay_from(SAID, 1000, is_paced=is_paced) == 0


@given(st.integers(0, 100), st.integers(0, N_MS), st.booleans())
def test_replaying_never_begins_behind_the_border_nor_too_far_before_it(seed, settled_ms, is_paced):
    said = [w for w in babble(N_MS, seed=seed) if w.end_ms <= settled_ms]
    start_ms = replay_from(said, settled_ms, is_paced=is_paced)
    most_ms = MAX_PACED_CONTEXT_MS if is_paced else MAX_CONTEXT_MS
    assert max(0, settled_ms - most_ms - 800 - 160) <= start_ms
    assert start_ms <= max(0, settled_ms - MIN_CONTEXT_MS)
    assert start_ms % 160 == 0


def resumed(*events, at_ms=5000):
    """What a session tells that said two words, was lost, and goes on at a position."""
    timeline = Timeline()
    first = (word("good", 5500, 5900), word("day", 6000, 6400))
    timeline.take(Final(turn=0, words=first, through_ms=6500))
    timeline.take(AudioAccepted(number=140))
    timeline.resume(at_ms=at_ms, chunks_before=at_ms // 50, session_ms=9000)
    return [told for event in events for told in timeline.take(event)]


def test_acknowledgements_go_on_where_they_ended():
    numbers = [AudioAccepted(number=n) for n in (39, 40, 41)]
    assert resumed(*numbers) == [AudioAccepted(number=141)]


def test_partials_show_nothing_that_is_final_and_nothing_before_the_border():
    known = (word("good", 510, 900), word("day", 1000, 1410))
    new = word("to", 1500, 1600)
    assert resumed(
        Partial(turn=0, words=known[:1], through_ms=1000),
        Partial(turn=0, words=(*known, new), through_ms=1700),
    ) == [Partial(turn=0, words=(word("to", 6500, 6600),), through_ms=6700)]


def test_what_a_lost_connection_promised_is_final_and_what_it_only_guessed_is_heard_anew():
    timeline = Timeline()
    shown = (word("good", 500, 900), word("day", 1000, 1400), word("two", 1500, 1900))
    timeline.take(Partial(turn=0, words=shown, through_ms=2000, n_sure=2, at_pause=True))
    assert timeline.keep_promise() == [
        Final(turn=0, words=shown[:2], through_ms=1400),
        Partial(turn=0, words=shown[2:], through_ms=2000),
    ]
    assert timeline.keep_promise() == []
    timeline.resume(at_ms=0, chunks_before=0, session_ms=2000)
    again = (word("could", 510, 900), word("day", 1010, 1400), word("too", 1500, 1900))
    (final,) = timeline.take(Final(turn=0, words=again, through_ms=2000))
    assert [w.text for w in final.words] == ["too"]


def test_a_promise_is_kept_by_the_final_that_came_before_the_loss():
    timeline = Timeline()
    shown = (word("good", 500, 900),)
    timeline.take(Partial(turn=0, words=shown, through_ms=1000, n_sure=1))
    timeline.take(Final(turn=0, words=shown, through_ms=900))
    assert timeline.keep_promise() == []


def test_a_turn_that_was_open_ends_once():
    known = Final(turn=0, words=(word("good", 510, 900), word("day", 1000, 1410)), through_ms=1410)
    ends = TurnEnded(turn=0, at_ms=2200, confidence=1.0)
    new = Final(turn=1, words=(word("sir", 3000, 3300),), through_ms=3300)
    told = resumed(known, ends, new)
    assert [type(event) for event in told] == [TurnEnded, Final]
    assert [event.turn for event in told] == [0, 1]
    assert told[0].at_ms == 7200


def test_a_turn_that_ends_only_because_hearing_began_in_it_does_not_end():
    early = TurnEnded(turn=0, at_ms=300, confidence=1.0)
    new = Final(turn=1, words=(word("sir", 3000, 3300),), through_ms=3300)
    assert [event.turn for event in resumed(early, new)] == [0]


def test_silence_is_told_once_and_the_end_counts_the_whole_session():
    assert resumed(
        Silence(start_ms=0, end_ms=1000),
        Silence(start_ms=1000, end_ms=2000),
        SessionEnded(audio_ms=3000, session_ms=4000),
    ) == [Silence(start_ms=6500, end_ms=7000), SessionEnded(audio_ms=8000, session_ms=13000)]
