"""Long sessions and noise: what they are made of, and how what comes of them is judged."""

import asyncio

import msgspec
import numpy as np
import pytest

import corpus
from crossfade.bench.endurance import Noise, limits_broken, measure_endurance
from crossfade.bench.machine import resident_bytes
from crossfade.bench.material import suitable
from crossfade.bench.noises import LEVELS_DB, PIECE_S, SYNTHETIC, quiet_parts
from crossfade.bench.recordings import MaterialError, SpokenWord, read_manifest
from crossfade.bench.unbroken import UnbrokenSpeech
from crossfade.recognizers.onnx import EmbeddedRecognizer
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken


@pytest.fixture(scope="module")
def carried():
    return suitable(read_manifest(corpus.CARRIED / "manifest.jsonl"))


def test_unbroken_speech_has_no_pause_and_knows_where_its_words_are(carried):
    speech = UnbrokenSpeech(carried, seconds=40)
    assert 40 <= speech.seconds < 80
    data = b"".join(speech.blocks(32_000))
    assert len(data) / 32_000 == pytest.approx(speech.seconds, abs=0.01)
    starts = [word.start for word in speech.words]
    assert starts == sorted(starts)
    gaps = [b.start - a.end for a, b in zip(speech.words, speech.words[1:], strict=False)]
    assert max(gaps) < 0.3
    samples = np.frombuffer(data, np.int16).astype(float)
    word = max(speech.words, key=lambda word: word.end - word.start)
    spoken_part = samples[int(word.start * 16_000) : int(word.end * 16_000)]
    assert np.abs(spoken_part).max() > 100  # that is where it is said


def test_the_same_unbroken_speech_comes_again(carried):
    one, other = (UnbrokenSpeech(carried, seconds=10) for _ in range(2))
    assert b"".join(one.blocks(999)) == b"".join(other.blocks(32_000))


def test_speech_without_word_times_cannot_be_joined(carried):
    bare = [msgspec.structs.replace(recording, words=()) for recording in carried]
    with pytest.raises(MaterialError):
        UnbrokenSpeech(bare, seconds=10)


@pytest.mark.parametrize("kind", SYNTHETIC)
def test_every_noise_is_as_long_and_as_loud_as_it_should_be(kind):
    levels = set()
    for seed in range(8):
        piece = SYNTHETIC[kind](np.random.default_rng(seed))
        assert piece.dtype == np.float32
        assert piece.size == PIECE_S * 16_000
        assert np.abs(piece).max() <= 1.0
        levels.add(round(20 * np.log10(np.sqrt((piece.astype(float) ** 2).mean()))))
    assert max(levels) > -30
    # Clipping takes from the loudest peaks of noises that are mostly silence.
    assert min(abs(level - wanted) for level in levels for wanted in LEVELS_DB) <= 1
    again = [SYNTHETIC[kind](np.random.default_rng(3)) for _ in range(2)]
    assert np.array_equal(*again)


def test_quiet_parts_are_cut_from_between_the_words_of_a_single_speaker(carried, monkeypatch):
    recording = next(r for r in carried if r.duration_s > 5)
    samples = np.full(80_000, 0.1, np.float32)
    samples[17_000:31_000] *= 0.1  # 1.1 to 1.9 s
    monkeypatch.setattr(type(recording), "samples", lambda self: samples)
    words = (SpokenWord("one", 0.5, 1.0), SpokenWord("two", 2.0, 2.5), SpokenWord("3", 2.9, 3.0))
    alone = msgspec.structs.replace(recording, words=words)
    (part,) = quiet_parts([alone])
    assert part.size == round(0.6 * 16_000)  # 1.2 to 1.8 s
    assert np.array_equal(part, samples[19_200:28_800])
    words = (msgspec.structs.replace(words[0], speaker="A"), *words[1:])
    assert quiet_parts([msgspec.structs.replace(recording, words=words)]) == []
    samples[20_000:22_000] *= 5  # somebody says "um"
    assert quiet_parts([alone]) == []


async def test_a_recognizer_that_says_words_in_noise_is_told_so_by_kind(carried):
    talkative = ScriptedRecognizer(spoken("no one said this"))
    await talkative.start()
    async with asyncio.timeout(60):
        report = await measure_endurance(
            talkative, carried, speech_s=4, window_s=2, noise_s=27, max_delay_ms=2000
        )
    assert {noise.kind for noise in report.noises} >= {*SYNTHETIC}
    assert {noise.words for noise in report.noises} == {4}
    assert report.false_words == 4 * len(report.noises)
    assert "4 words in hum" in report.limits_broken
    assert report.speech.wer > 0.5


def test_what_grows_with_the_length_of_a_session_breaks_a_limit(report):
    assert limits_broken(report.speech, report.noises) == ()
    for field, value, words in (
        ("cost_deviation", 0.101, "cost"),
        ("growth_mb", 20.1, "memory"),
        ("drift_ms", 31.0, "drift"),
    ):
        speech = msgspec.structs.replace(report.speech, **{field: value})
        (broken,) = limits_broken(speech, ())
        assert words in broken
    assert limits_broken(
        report.speech, [Noise(kind="hum", seconds=1.0, words=2, cpu_ms_per_s=1.0)]
    ) == ("2 words in hum",)


@pytest.fixture(scope="module")
def report(carried):
    """Of a quarter of a minute of speech: a figure that is too small to say much is left out."""

    async def measure():
        quiet = ScriptedRecognizer(())
        found = await measure_endurance(
            quiet, carried, speech_s=15, window_s=5, noise_s=9, max_delay_ms=2000
        )
        speech = msgspec.structs.replace(found.speech, cost_deviation=0.05, growth_mb=0.0)
        return msgspec.structs.replace(found, speech=speech)

    return asyncio.run(measure())


def test_windows_follow_each_other_to_the_end(report):
    ends = [window.until_s for window in report.speech.windows]
    assert ends == sorted(ends)
    assert len(ends) >= 2
    assert ends[-1] == pytest.approx(report.speech.seconds, abs=2.5)
    assert report.speech.drift_ms is None  # no word, no time
    assert (report.false_words, report.speech.wer) == (0, 1.0)


def test_memory_is_read_where_the_system_tells_it():
    resident = resident_bytes()
    assert resident is None or 10e6 < resident < 100e9


@pytest.mark.model
@pytest.mark.usefixtures("model_files")
async def test_the_embedded_recognizer_hears_no_word_in_noise_and_does_not_drift(carried):
    recognizer = EmbeddedRecognizer(n_threads=1)
    await recognizer.start()
    report = await measure_endurance(
        recognizer, carried, speech_s=40, window_s=20, noise_s=180, max_delay_ms=2000
    )
    await recognizer.aclose()
    assert report.false_words == 0
    assert report.speech.wer < 0.25
    assert report.speech.drift_ms < 40
    assert sum(window.words for window in report.speech.windows) > 60
