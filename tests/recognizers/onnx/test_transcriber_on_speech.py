"""What the transcriber says about real recordings, with decoding as quick as thought."""

from difflib import SequenceMatcher
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossfade.audio.pcm import Samples
from crossfade.model import (
    Encoding,
    Final,
    NoEndpointing,
    Partial,
    PunctuationEndpointing,
    RawAudio,
    Reconfigure,
    SessionConfig,
    Silence,
    SilenceEndpointing,
    SpeechStarted,
    TurnEnded,
)
from crossfade.recognizers.onnx.files import prepare
from crossfade.recognizers.onnx.model import Moonshine
from crossfade.recognizers.onnx.transcriber import Transcriber
from crossfade.recognizers.onnx.vad import SpeechDetector
from crossfade.scoring import WordErrors, word_errors
from hearing import (
    advance,
    check_order,
    final_words,
    in_chunks,
    silence,
    text_of,
    transcribe,
)

pytestmark = pytest.mark.model

PCM = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)
TENTH = 1600


@cache
def engine() -> tuple[Moonshine, SpeechDetector]:
    files = prepare()
    return Moonshine(files), SpeechDetector(files.vad)


def config(**changes) -> SessionConfig:
    return SessionConfig(**({"language": "en", "audio": PCM, "max_delay_ms": 2000} | changes))


def open_transcriber(settings: SessionConfig | None = None) -> Transcriber:
    model, detector = engine()
    return Transcriber(model, detector.open(), settings or config())


def joined(recordings, category: str, gap_s: float = 0.0) -> Samples:
    parts = [r.samples() for r in recordings if r.category == category]
    return np.concatenate([piece for part in parts for piece in (part, silence(gap_s))])


@pytest.mark.parametrize("max_delay_ms", [700, 2000, 4000])
def test_every_rule_of_the_event_order_holds(recording, max_delay_ms):
    settings = config(max_delay_ms=max_delay_ms, endpointing=SilenceEndpointing(silence_ms=500))
    events = transcribe(
        open_transcriber(settings), in_chunks(recording("sim-2spk-a").samples(), TENTH)
    )
    check_order(events, settings)
    assert len(final_words(events)) > 60


@pytest.mark.parametrize(
    ("max_delay_ms", "worst_rate"),
    [
        # The same model on whole clips makes 4.9 % errors on these sixteen.
        pytest.param(4000, 0.07, id="patient"),
        pytest.param(2000, 0.08, id="usual"),
        pytest.param(700, 0.14, id="hasty"),
    ],
)
def test_words_are_right(recordings, max_delay_ms, worst_rate):
    total = WordErrors()
    for entry in (r for r in recordings if r.category == "read_en"):
        events = transcribe(
            open_transcriber(config(max_delay_ms=max_delay_ms)),
            in_chunks(entry.samples(), TENTH),
        )
        total += word_errors(entry.text, text_of(events))
    assert total.rate <= worst_rate


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_how_audio_is_cut_changes_nothing(recording, data):
    samples = recording("turn-03-true").samples()
    settings = config(endpointing=SilenceEndpointing(silence_ms=400))
    whole = transcribe(open_transcriber(settings), [samples])
    cuts = sorted(data.draw(st.sets(st.integers(0, samples.size), max_size=40)))
    pieces = np.split(samples, cuts)
    assert transcribe(open_transcriber(settings), pieces) == whole


@pytest.mark.parametrize("max_delay_ms", [700, 1000, 2000, 4000])
def test_a_word_is_final_at_most_max_delay_after_its_end_in_audio_time(recording, max_delay_ms):
    settings = config(max_delay_ms=max_delay_ms)
    events = transcribe(
        open_transcriber(settings), in_chunks(recording("ls-5652-19215-0000").samples(), TENTH)
    )
    lags_ms = [
        partial.through_ms - word.end_ms
        for final, partial in pairwise(events)
        if isinstance(final, Final) and isinstance(partial, Partial)
        for word in final.words
    ]
    assert len(lags_ms) > 20
    # A word's end moves a little from one decode to the next, and the last one counts.
    assert np.percentile(lags_ms, 95) <= max_delay_ms + 32
    assert max(lags_ms) <= max_delay_ms + 300


@pytest.mark.parametrize("speech", ["ls-5652-19215-0000", "sim-2spk-a"])
def test_where_there_is_room_words_are_seen_sooner_and_are_the_same_words(recording, speech):
    settings = config(endpointing=SilenceEndpointing(silence_ms=500))
    chunks = in_chunks(recording(speech).samples(), TENTH)
    usual = transcribe(open_transcriber(settings), chunks)
    roomy = transcribe(open_transcriber(settings), chunks, has_room=True)
    check_order(roomy, settings)
    assert [e for e in roomy if e not in usual and not isinstance(e, Partial)] == []
    assert [e for e in usual if e not in roomy] == []
    assert 1.4 * n_partials(usual) < n_partials(roomy) < 2.1 * n_partials(usual)


def n_partials(events) -> int:
    return sum(isinstance(event, Partial) for event in events)


def test_where_nobody_wants_partials_room_is_left_unused(recording):
    settings = config(partials_wanted=False)
    chunks = in_chunks(recording("brooklyn-bridge").samples(), TENTH)
    usual = transcribe(open_transcriber(settings), chunks)
    assert transcribe(open_transcriber(settings), chunks, has_room=True) == usual


def test_words_tell_how_loud_they_were_where_that_is_wanted(recording):
    samples = recording("brooklyn-bridge").samples()
    asked = config(volume_wanted=True)
    loud, quiet = (
        [word.volume for word in final_words(transcribe(open_transcriber(asked), [heard]))]
        for heard in (samples, samples * np.float32(0.5))
    )
    assert all(volume is not None and 0.5 < volume < 60 for volume in loud)
    assert np.median(quiet) == pytest.approx(np.median(loud) / 2, rel=0.1)
    unasked = final_words(transcribe(open_transcriber(), [samples]))
    assert all(word.volume is None for word in unasked)


def test_a_partial_shows_words_soon_after_they_were_spoken(recording):
    entry = recording("brooklyn-bridge")
    events = transcribe(open_transcriber(), in_chunks(entry.samples(), TENTH))
    first = next(e for e in events if isinstance(e, Partial) and e.words)
    assert first.through_ms <= entry.words[0].end * 1000 + 700


NOISES = {
    "digital silence": lambda t, rng: np.zeros_like(t),
    "quiet noise": lambda t, rng: rng.standard_normal(t.size) * 0.01,
    "loud noise": lambda t, rng: rng.standard_normal(t.size) * 0.1,
    "pulsing noise": lambda t, rng: (
        rng.standard_normal(t.size) * 0.08 * (1 + np.sin(2 * np.pi * 4 * t))
    ),
    "hum": lambda t, rng: 0.05 * sum(np.sin(2 * np.pi * 50 * k * t) / k for k in (1, 2, 3, 5)),
    "ringing": lambda t, rng: (
        0.2 * (np.sin(2 * np.pi * 440 * t) + np.sin(2 * np.pi * 480 * t)) * ((t % 6) < 2)
    ),
    "keypad tones": lambda t, rng: (
        0.2 * (np.sin(2 * np.pi * 697 * t) + np.sin(2 * np.pi * 1209 * t)) * ((t % 0.4) < 0.2)
    ),
    "clicks": lambda t, rng: (rng.random(t.size) < 2e-4) * 0.8,
    "chords": lambda t, rng: (
        0.1
        * sum(np.sin(2 * np.pi * 220 * h * t) for h in (1, 1.26, 1.5, 2))
        * np.exp(-3 * (t % 0.5))
    ),
}


@pytest.mark.parametrize("noise", NOISES)
def test_what_is_not_speech_gives_no_words(noise):
    time_s = np.arange(20 * 16_000) / 16_000
    samples = NOISES[noise](time_s, np.random.default_rng(0)).astype(np.float32)
    events = transcribe(open_transcriber(), in_chunks(samples, TENTH))
    assert final_words(events) == []
    assert not any(isinstance(e, Partial) and e.words for e in events)
    assert not any(isinstance(e, TurnEnded) for e in events)


def test_silence_is_reported_about_once_a_second_without_gaps():
    events = transcribe(open_transcriber(), in_chunks(silence(10), TENTH))
    stretches = [e for e in events if isinstance(e, Silence)]
    assert len(stretches) >= 9
    assert stretches[0].start_ms == 0
    assert all(a.end_ms == b.start_ms for a, b in pairwise(stretches))


def test_nothing_heard_ends_with_an_empty_final_and_partial():
    events = transcribe(open_transcriber(), [])
    assert [type(e) for e in events] == [Final, Partial]
    assert events == [
        Final(turn=0, words=(), through_ms=0),
        Partial(turn=0, words=(), through_ms=0),
    ]


def test_a_turn_ends_after_the_silence_that_was_asked_for(recording):
    samples = np.concatenate([recording("turn-03-true").samples(), silence(2)])
    settings = config(endpointing=SilenceEndpointing(silence_ms=600))
    events = transcribe(open_transcriber(settings), in_chunks(samples, TENTH))
    ended = [e for e in events if isinstance(e, TurnEnded)]
    last_word = final_words(events)[-1]
    assert 400 <= ended[-1].at_ms - last_word.end_ms <= 900


def test_without_endpointing_no_turn_ends_by_itself(recording):
    samples = np.concatenate([recording("turn-03-true").samples(), silence(5)])
    settings = config(endpointing=NoEndpointing())
    events = transcribe(open_transcriber(settings), in_chunks(samples, TENTH))
    assert not any(isinstance(e, TurnEnded) for e in events)
    assert {e.turn for e in events if isinstance(e, Final)} == {0}


def test_an_unfinished_sentence_is_given_more_time_than_a_finished_one(recording):
    policy = PunctuationEndpointing(min_silence_ms=150, max_silence_ms=1500, max_turn_ms=60_000)

    def silence_before_end_ms(samples: Samples) -> int:
        samples = np.concatenate([samples, silence(3)])
        transcriber = open_transcriber(config(endpointing=policy))
        events = transcribe(transcriber, in_chunks(samples, TENTH))
        ended = [e for e in events if isinstance(e, TurnEnded)]
        return ended[-1].at_ms - final_words(events)[-1].end_ms

    whole = recording("ls-5789-57158-0000")
    finished_ms = silence_before_end_ms(whole.samples())
    unfinished = recording("ls-248-130644-0000")
    article = next(i for i, w in enumerate(unfinished.words) if w.word == "the" and i > 8)
    cut = unfinished.samples()[: int(unfinished.words[article].end * 16_000)]
    assert finished_ms < 600
    assert silence_before_end_ms(cut) > finished_ms + 500


def test_a_forced_end_in_mid_speech_loses_no_words(recording):
    entry = recording("ls-5652-19215-0000")
    samples = entry.samples()
    middle = samples.size // 2
    transcriber = open_transcriber()
    transcriber.hear(samples[:middle])
    transcriber.force(None)
    before = advance(transcriber)
    transcriber.hear(samples[middle:])
    transcriber.finish()
    after = advance(transcriber)
    events = before + after
    check_order(events, config())

    forced = next(e for e in before if isinstance(e, TurnEnded))
    assert forced.forced
    assert abs(forced.at_ms - middle // 16) <= 40
    assert next(e for e in before if isinstance(e, Final) and e.forced).words
    assert word_errors(entry.text, text_of(events)).rate < 0.15
    assert {e.turn for e in after if isinstance(e, Final)} == {1}
    assert any(isinstance(e, SpeechStarted) and e.turn == 1 for e in after)


def test_a_forced_end_is_answered_in_silence_too_and_twice():
    transcriber = open_transcriber()
    transcriber.hear(silence(3))
    transcriber.force(None)
    transcriber.force(None)
    events = [e for e in advance(transcriber) if not isinstance(e, Silence)]
    assert [type(e) for e in events] == [Final, Partial, TurnEnded] * 2
    assert all(e.forced for e in events if isinstance(e, Final | TurnEnded))
    assert [e.turn for e in events if isinstance(e, TurnEnded)] == [0, 1]


def test_a_forced_end_with_a_position_keeps_later_words_open(recording):
    entry = recording("ls-5652-19215-0000")
    samples = entry.samples()
    cut_ms = round(entry.words[8].end * 1000) + 60
    transcriber = open_transcriber(config(max_delay_ms=20_000))
    transcriber.hear(samples[: (cut_ms + 2500) * 16])
    transcriber.force(cut_ms)
    events = advance(transcriber)
    ended = next(e for e in events if isinstance(e, TurnEnded))
    partial = events[events.index(ended) - 1]
    assert ended.at_ms == cut_ms
    assert all(word.end_ms <= cut_ms for word in final_words(events))
    assert isinstance(partial, Partial)
    assert partial.words
    assert partial.turn == ended.turn + 1


def test_the_buffer_stays_short_in_unbroken_speech_and_no_word_is_lost_at_its_cuts(recordings):
    entries = [r for r in recordings if r.category == "read_en"][:6]
    samples = np.concatenate([trimmed(r.samples()) for r in entries])
    assert samples.size > 45 * 16_000
    transcriber = open_transcriber()
    longest = 0
    events = []
    for chunk in in_chunks(samples, TENTH):
        transcriber.hear(chunk)
        events += advance(transcriber)
        if (segment := transcriber._segment) is not None:
            longest = max(longest, segment.end - segment.start)
    transcriber.finish()
    events += advance(transcriber)
    assert longest <= 14 * 16_000
    errors = word_errors(" ".join(r.text for r in entries), text_of(events))
    assert errors.rate < 0.15
    assert errors.deletions < 6
    assert errors.insertions < 6


def trimmed(samples: Samples) -> Samples:
    """Cut off the quiet at both ends, so that readers follow each other without a pause."""
    loud = np.flatnonzero(np.abs(samples) > 0.02)
    return samples[loud[0] : loud[-1]]


def test_turning_partials_off_and_on_takes_effect_at_once(recording):
    samples = recording("ls-5652-19215-0000").samples()
    transcriber = open_transcriber()
    transcriber.reconfigure(Reconfigure(partials_wanted=False))
    transcriber.hear(samples[: 6 * 16_000])
    quiet = advance(transcriber)
    finals = sum(isinstance(e, Final) for e in quiet)
    assert sum(isinstance(e, Partial) for e in quiet) == finals
    transcriber.reconfigure(Reconfigure(partials_wanted=True))
    transcriber.hear(samples[6 * 16_000 :])
    loud = advance(transcriber)
    assert sum(isinstance(e, Partial) for e in loud) > 5


def test_word_times_agree_with_the_reference(recordings):
    errors_ms = []
    for entry in (r for r in recordings if r.category == "read_en"):
        words = final_words(
            transcribe(
                open_transcriber(config(max_delay_ms=4000)), in_chunks(entry.samples(), TENTH)
            )
        )
        spoken = [w.word.lower() for w in entry.words]
        heard = [w.text.lower() for w in words]
        for i, j in matches(spoken, heard):
            errors_ms.append(abs(entry.words[i].start * 1000 - words[j].start_ms))
            errors_ms.append(abs(entry.words[i].end * 1000 - words[j].end_ms))
    assert len(errors_ms) > 400
    assert np.mean(errors_ms) < 70


def matches(left: list[str], right: list[str]) -> list[tuple[int, int]]:
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    return [(b.a + d, b.b + d) for b in blocks for d in range(b.size)]
