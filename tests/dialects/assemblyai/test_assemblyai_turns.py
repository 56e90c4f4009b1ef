"""How turns are told, over any stream of events in the order that recognizers keep."""

from collections import defaultdict
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyai_schema import check
from crossfade.dialects.assemblyai import DIALECT, messages
from crossfade.dialects.assemblyai.transcript import formatted, raw
from crossfade.dialects.base import DialectSettings, Goodbye, Handshake
from crossfade.errors import ExpiredError, LeavingError, RecognizerError
from crossfade.model import (
    AudioAccepted,
    Final,
    Partial,
    SessionEnded,
    SessionStarted,
    Silence,
    SpeechStarted,
    TurnEnded,
    Word,
)

US, U3 = "universal-streaming-english", "u3-rt-pro"
_any_message = msgspec.json.Decoder(
    messages.Begin | messages.SpeechStarted | messages.Turn | messages.Termination | messages.Error
)


def server_for(model, *query):
    server = DIALECT.server(DialectSettings())
    server.open(Handshake(path="/v3/ws", query=(("speech_model", model), *query)))
    return server


def said_by(server, events):
    sent = [frame for event in events for frame in server.send(event)]
    frames = [frame for frame in sent if not isinstance(frame, Goodbye)]
    for frame in frames:
        check(frame)
    return [_any_message.decode(frame) for frame in frames]


def turns_in(said):
    return [message for message in said if isinstance(message, messages.Turn)]


def word(text, start_ms=0, end_ms=None, punctuation=""):
    end_ms = start_ms + 200 if end_ms is None else end_ms
    return Word(
        text=text, start_ms=start_ms, end_ms=end_ms, confidence=0.9, punctuation=punctuation
    )


def partial(*words, through_ms=1000, turn=0, at_pause=False, turn_confidence=0.0):
    return Partial(
        turn=turn,
        words=words,
        through_ms=through_ms,
        at_pause=at_pause,
        turn_confidence=turn_confidence,
    )


def final(*words, through_ms=1000, turn=0):
    return Final(turn=turn, words=words, through_ms=through_ms)


ENDED = TurnEnded(turn=0, at_ms=1500, confidence=0.8)
BEGUN = SessionStarted(
    session_id="5b0c1c0e-6a8e-4a53-9a53-0d4b6a8a9f21", language="en", started_at=1_795_339_200
)
SESSION_ENDED = SessionEnded(audio_ms=5200, session_ms=5499)


@st.composite
def event_streams(draw):
    """Draw the events of a session, in the documented order, with words that change while open."""
    texts = st.sampled_from(["Yes", "don't", "3.5", "Zürich", "—", "U.S", "maybe"])
    marks = st.sampled_from(["", "", ",", ".", "?"])
    events, turn, position_ms = [], 0, 0

    def some_words(start_ms, max_size):
        made = []
        for _ in range(draw(st.integers(0, max_size))):
            length_ms = draw(st.integers(1, 400))
            made.append(word(draw(texts), start_ms, start_ms + length_ms, draw(marks)))
            start_ms += length_ms + draw(st.integers(0, 300))
        return tuple(made)

    for _ in range(draw(st.integers(0, 15))):
        step = draw(st.sampled_from(["partial", "partial", "final", "turn", "onset", "noise"]))
        if step == "onset":
            events.append(SpeechStarted(turn=turn, at_ms=position_ms, confidence=0.9))
        elif step == "noise":
            events += [AudioAccepted(number=1), Silence(start_ms=0, end_ms=1)]
        if step in ("final", "turn"):
            words = some_words(position_ms, 3)
            position_ms = words[-1].end_ms if words else position_ms
            events.append(Final(turn=turn, words=words, through_ms=position_ms))
        if step in ("partial", "final", "turn"):
            still_open = some_words(position_ms, 3)
            through_ms = (still_open[-1].end_ms if still_open else position_ms) + 50
            later = step == "turn" and bool(still_open)
            events.append(
                Partial(
                    turn=turn + later,
                    words=still_open,
                    through_ms=through_ms,
                    at_pause=draw(st.booleans()),
                    turn_confidence=draw(st.floats(0, 1)),
                )
            )
        if step == "turn":
            events.append(TurnEnded(turn=turn, at_ms=position_ms, confidence=draw(st.floats(0, 1))))
            turn += 1
    words = some_words(position_ms, 2)
    through_ms = words[-1].end_ms if words else position_ms
    events.append(Final(turn=turn, words=words, through_ms=through_ms))
    events.append(Partial(turn=turn, words=(), through_ms=through_ms))
    return [*events, SESSION_ENDED]


def by_order(said):
    turns = defaultdict(list)
    for message in turns_in(said):
        turns[message.turn_order].append(message)
    return turns


def spoken(events):
    return [word for event in events if isinstance(event, Final) for word in event.words]


ANY_SETTINGS = st.lists(
    st.sampled_from(
        [
            ("format_turns", "true"),
            ("include_partial_turns", "false"),
            ("continuous_partials", "false"),
            ("interruption_delay", "0"),
        ]
    ),
    max_size=3,
)


@given(event_streams(), ANY_SETTINGS)
def test_us_a_final_word_never_changes_and_at_most_one_is_open(events, query):
    said = said_by(server_for(US, *query), events)
    for turn in by_order(said).values():
        settled = [[w for w in m.words if w.word_is_final] for m in turn if not m.turn_is_formatted]
        assert all(later[: len(earlier)] == earlier for earlier, later in pairwise(settled))
        for message in turn:
            open_words = [w.word_is_final for w in message.words].count(False)
            assert open_words <= 1
            assert [w.word_is_final for w in message.words] == [True] * (
                len(message.words) - open_words
            ) + [False] * open_words
            assert message.transcript == " ".join(w.text for w in message.words if w.word_is_final)


@given(event_streams())
def test_us_a_partial_is_sent_only_when_something_changed(events):
    said = said_by(server_for(US), events)
    for turn in by_order(said).values():
        for earlier, later in pairwise(turn):
            assert earlier != later


@given(event_streams())
def test_us_ends_each_turn_raw_then_formatted_with_the_same_words(events):
    said = turns_in(said_by(server_for(US, ("format_turns", "true")), events))
    ends = [message for message in said if message.end_of_turn]
    assert [end.turn_is_formatted for end in ends] == [False, True] * (len(ends) // 2)
    for first, second in zip(ends[::2], ends[1::2], strict=True):
        assert said[said.index(first) + 1] is second
        assert second.turn_order == first.turn_order
        assert second.utterance == ""
        assert [(w.start, w.end, w.confidence) for w in first.words] == [
            (w.start, w.end, w.confidence) for w in second.words
        ]


@given(event_streams(), ANY_SETTINGS)
def test_u3_ends_each_turn_once_and_announces_it_right_before_its_first_message(events, query):
    said = said_by(server_for(U3, *query), events)
    for turn in by_order(said).values():
        assert [message.end_of_turn for message in turn] == [False] * (len(turn) - 1) + [True]
        assert said[said.index(turn[0]) - 1] == messages.SpeechStarted(
            timestamp=turn[0].words[0].start, confidence=said[said.index(turn[0]) - 1].confidence
        )
        for message in turn:
            assert message.end_of_turn_confidence == float(message.end_of_turn)
            assert all(w.word_is_final == message.end_of_turn for w in message.words)
            assert message.transcript == " ".join(w.text for w in message.words)
            assert message.utterance == (message.transcript if message.end_of_turn else "")
    assert sum(isinstance(m, messages.SpeechStarted) for m in said) == len(by_order(said))


@given(event_streams(), st.sampled_from([US, U3, "whisper-rt", "universal-3-6-pro"]), ANY_SETTINGS)
def test_numbers_count_up_and_no_word_is_lost_or_repeated(events, model, query):
    query = [pair for pair in query if pair[0] != "format_turns"]
    said = said_by(server_for(model, *query), events)
    orders = [message.turn_order for message in turns_in(said)]
    assert orders == sorted(orders)
    ends = [message for message in turns_in(said) if message.end_of_turn]
    assert [end.turn_order for end in ends] == list(range(len(ends)))
    assert set(orders) == set(range(len(ends)))
    style = raw if model in (US, "whisper-rt") else formatted
    heard = [w.text for end in ends for w in end.words]
    assert heard == [style(each) for each in spoken(events)]
    assert isinstance(said[-1], messages.Termination)


@given(event_streams(), st.sampled_from([US, U3, "whisper-rt", "universal-3-6-pro"]), ANY_SETTINGS)
def test_every_frame_is_what_the_strictest_client_demands(events, model, query):
    server = server_for(model, *query)
    for event in [BEGUN, *events]:
        for frame in server.send(event):
            if isinstance(frame, Goodbye):
                assert frame == Goodbye(code=1000, reason="Session Ended", linger_s=0.3)
            else:
                check(frame)


@given(event_streams(), st.data())
def test_a_session_that_runs_out_of_time_keeps_its_open_turn(events, data):
    cut = data.draw(st.integers(0, len(events) - 1))
    server = server_for(U3)
    before = turns_in(said_by(server, events[:cut]))
    refusal = server.refuse(ExpiredError(session_s=10_800))
    after = [_any_message.decode(frame) for frame in refusal.frames]
    assert after[-1] == messages.Error(
        error_code=3008, error="Session Expired: Maximum session duration exceeded"
    )
    ends = [message for message in [*before, *turns_in(after)] if message.end_of_turn]
    heard = [w.text for end in ends for w in end.words]
    known = [formatted(each) for each in spoken(events[:cut])]
    assert heard[: len(known)] == known
    assert not any(isinstance(message, messages.Termination) for message in after)


def test_a_server_that_cannot_wait_says_the_words_of_the_open_turn():
    server = server_for(U3)
    said_by(server, [partial(word("Hello"))])
    refusal = server.refuse(LeavingError("too late"))
    *_, end, error = [_any_message.decode(frame) for frame in refusal.frames]
    assert (end.end_of_turn, end.transcript) == (True, "Hello")
    assert (error.error_code, refusal.goodbye.code) == (3005, 3005)


@pytest.mark.parametrize("shown", [(), (partial(word("Yes"), through_ms=900),)])
@pytest.mark.parametrize("model", [US, "whisper-rt", U3])
def test_after_terminate_the_end_of_the_turn_comes_first(model, shown):
    # LiveKit's JavaScript plugin closes its socket at the first message behind its Terminate.
    server = server_for(model, ("format_turns", "true"))
    server.receive(bytes(32_000))
    said_by(server, shown)
    server.receive('{"type":"Terminate"}')
    words = word("Yes"), word("please", 300)
    still_open = partial(*words, through_ms=950, at_pause=True)
    said = said_by(server, [still_open, final(*words), partial(at_pause=True), SESSION_ENDED])
    first = next(message for message in said if not isinstance(message, messages.SpeechStarted))
    assert (first.end_of_turn, first.utterance.lower()) == (True, "yes please")


@pytest.mark.parametrize("model", [US, U3])
def test_after_terminate_audio_that_was_sent_long_before_still_has_partials(model):
    server = server_for(model)
    for _ in range(3):
        server.receive(bytes(32_000))
    server.receive('{"type":"Terminate"}')
    yes, please = word("Yes"), word("please", 2500)
    (shown,) = turns_in(said_by(server, [partial(yes, through_ms=1900)]))
    assert not shown.end_of_turn
    events = [partial(yes, please, through_ms=2800), final(yes, please), partial(), SESSION_ENDED]
    assert [turn.end_of_turn for turn in turns_in(said_by(server, events))] == [True]


def test_after_terminate_of_a_session_whose_time_runs_out_no_open_word_is_lost():
    server = server_for(US)
    server.receive('{"type":"Terminate"}')
    assert said_by(server, [partial(word("Yes"))]) == []
    end, _ = map(_any_message.decode, server.refuse(ExpiredError(session_s=60)).frames)
    assert (end.end_of_turn, end.transcript) == (True, "yes")


def test_u3_acknowledges_silence_between_turns_and_not_within():
    server = server_for(U3, ("acknowledge_silence", "true"))
    silence = Silence(start_ms=2000, end_ms=3000)

    def acknowledged():
        return [msgspec.json.decode(frame) for frame in server.send(silence)]

    told = [{"type": "Silence", "start_ms": 2000, "end_ms": 3000}]
    assert acknowledged() == told
    said_by(server, [partial(word("Well"), at_pause=True)])
    assert acknowledged() == []
    said_by(server, [final(word("Well")), partial(), ENDED])
    assert acknowledged() == told


def test_a_fault_of_ours_says_nothing_about_itself_and_drops_the_open_turn():
    server = server_for(U3)
    said_by(server, [final(word("Secret")), partial()])
    refusal = server.refuse(RecognizerError("something inside"))
    assert [_any_message.decode(frame) for frame in refusal.frames] == [
        messages.Error(error_code=3005, error="Session Cancelled: An error occurred")
    ]


def test_us_tells_an_utterance_at_a_pause_once_with_every_open_word():
    server = server_for(US)
    words = word("Yes", 0, punctuation=","), word("Please", 300)
    pause = partial(*words, at_pause=True, turn_confidence=0.7)
    (first,) = turns_in(said_by(server, [pause]))
    assert (first.utterance, [w.text for w in first.words]) == ("yes please", ["yes"])
    assert first.end_of_turn_confidence == 0.7
    assert said_by(server, [pause]) == []
    ends = turns_in(said_by(server, [final(*words), partial(), ENDED]))
    assert [message.utterance for message in ends] == ["", ""]


def test_us_an_end_of_turn_tells_what_no_utterance_told():
    server = server_for(US)
    pause = partial(word("Yes", 0), through_ms=400, at_pause=True)
    words = [word("Yes", 0), word("Please", 600)]
    said = turns_in(said_by(server, [pause, final(*words), partial(), ENDED]))
    assert (said[-1].transcript, said[-1].utterance) == ("yes please", "please")


def test_us_speech_that_goes_on_is_no_end_of_turn():
    server = server_for(US)
    (shown,) = turns_in(said_by(server, [partial(word("Stop"), turn_confidence=0.99)]))
    assert shown.end_of_turn_confidence < 0.05


def test_u3_early_partial_waits_for_about_the_interruption_delay():
    server = server_for(U3, ("interruption_delay", "300"))
    (hello,) = [word("Hello", 1000)]
    assert said_by(server, [partial(hello, through_ms=1405)]) == []
    started, shown = said_by(server, [partial(hello, through_ms=1406)])
    assert started == messages.SpeechStarted(timestamp=1000, confidence=1.0)
    assert (shown.transcript, shown.turn_is_formatted) == ("Hello", False)


@pytest.mark.parametrize(
    ("query", "interval_ms"), [([], 400), ([("continuous_partials", "false")], 3000)]
)
def test_u3_partials_come_in_intervals_of_audio_time(query, interval_ms):
    server = server_for(U3, *query)
    said_by(server, [partial(word("One"), through_ms=800)])
    more = partial(word("One"), word("two", 300), through_ms=799 + interval_ms)
    assert said_by(server, [more]) == []
    later = msgspec.structs.replace(more, through_ms=800 + interval_ms)
    assert len(said_by(server, [later])) == 1
    much_later = msgspec.structs.replace(more, through_ms=9000)
    assert said_by(server, [much_later]) == []  # nothing new


def test_u3_a_pause_has_one_partial_and_speech_arms_the_next():
    server = server_for(U3)
    one, two, three = word("One"), word("two", 300), word("three", 600)
    assert len(turns_in(said_by(server, [partial(one, at_pause=True)]))) == 1
    assert said_by(server, [partial(one, two, at_pause=True)]) == []
    assert said_by(server, [partial(one, two, through_ms=1100)]) == []
    assert len(turns_in(said_by(server, [partial(one, two, three, at_pause=True)]))) == 1


def test_u3_partials_of_the_newer_models_call_themselves_formatted():
    (_, shown) = said_by(server_for("universal-3-6-pro"), [partial(word("Hi"), at_pause=True)])
    assert shown.turn_is_formatted is True


@pytest.mark.parametrize("model", [US, U3])
def test_noise_uses_no_number_unless_it_was_shown(model):
    server = server_for(model)
    assert said_by(server, [final(), partial(), ENDED]) == []
    said = turns_in(
        said_by(server, [partial(word("Uh"), at_pause=True), final(), partial(), ENDED])
    )
    assert (said[-1].end_of_turn, said[-1].transcript, said[-1].words) == (True, "", ())
    said = turns_in(said_by(server, [final(word("Hi")), partial(), ENDED]))
    assert said[-1].turn_order == 1


@pytest.mark.parametrize("model", [US, U3])
def test_without_partials_only_ends_of_turns_are_sent(model):
    server = server_for(model, ("include_partial_turns", "false"))
    hi = word("Hi")
    assert said_by(server, [partial(hi, at_pause=True), final(hi), partial()]) == []
    said = said_by(server, [ENDED])
    assert [message.end_of_turn for message in turns_in(said)] == [True]
    assert [type(m) for m in said[:-1]] == ([messages.SpeechStarted] if model == U3 else [])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Don't", "don't"),
        ("U.S", "u.s"),
        ('"Well', "well"),
        ("3.5", "3.5"),
        ("—", "—"),
        ("$5", "$5"),
    ],
)
def test_raw_text_is_lower_case_without_marks_at_its_edges(text, shown):
    assert raw(word(text, punctuation=".")) == shown


def with_speakers(model, *events):
    server = server_for(model, ("speaker_labels", "true"), ("format_turns", "true"))
    started = msgspec.structs.replace(BEGUN, speaker_labels=True)
    return turns_in(said_by(server, [started, *events]))


def by(speaker, text, start_ms, end_ms):
    return msgspec.structs.replace(word(text, start_ms, end_ms), speaker=speaker)


@pytest.mark.parametrize("model", [US, U3])
def test_ends_of_turns_name_their_speakers_and_partials_do_not(model):
    words = by("S2", "Yes", 0, 900), by("S1", "no", 900, 1200), by(None, "so", 1200, 1300)
    turns = with_speakers(model, partial(*words, at_pause=True), final(*words), partial(), ENDED)
    ends = [turn for turn in turns if turn.end_of_turn]
    assert ends
    assert {end.speaker_label for end in ends} == {"B"}
    for end in ends:
        assert [w.speaker for w in end.words] == ["B", "A", msgspec.UNSET]
    for turn in turns:
        if not turn.end_of_turn:
            assert turn.speaker_label is msgspec.UNSET
            assert {w.speaker for w in turn.words} == {msgspec.UNSET}


@pytest.mark.parametrize("model", [US, U3])
def test_a_turn_whose_speaker_nobody_knows_is_unknown(model):
    turns = with_speakers(model, final(word("Yes")), partial(), ENDED)
    assert {turn.speaker_label for turn in turns if turn.end_of_turn} == {"UNKNOWN"}


def test_without_labels_no_turn_names_a_speaker():
    server = server_for(U3)
    turns = turns_in(said_by(server, [final(by("S1", "Yes", 0, 900)), partial(), ENDED]))
    assert {turn.speaker_label for turn in turns} == {msgspec.UNSET}
    assert {w.speaker for turn in turns for w in turn.words} == {msgspec.UNSET}
