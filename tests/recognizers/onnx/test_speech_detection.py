"""The voice activity network, one stream's memory of it, and its independence of chunks."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import Recording
from crossfade.audio import Samples
from crossfade.errors import ModelError
from crossfade.recognizers.onnx.ear import Ear
from crossfade.recognizers.onnx.files import ModelFiles
from crossfade.recognizers.onnx.vad import WINDOW_SAMPLES, SpeechDetector, VadState

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def detector(model_files: ModelFiles) -> SpeechDetector:
    return SpeechDetector(model_files.vad)


@pytest.fixture(scope="module")
def speech(recording: Callable[[str], Recording]) -> Samples:
    return recording("brooklyn-bridge").samples()


def heard(ear: Ear, samples: Samples) -> list[float]:
    """The probability of speech in each window that is complete with these samples."""
    return [window.speech for window in ear.hear(samples)]


def test_speech_is_told_from_silence_and_noise(detector: SpeechDetector, speech: Samples) -> None:
    rng = np.random.default_rng(1)
    noise = (rng.standard_normal(speech.size) / 30).astype(np.float32)
    assert np.mean(np.array(heard(Ear(detector.open()), speech)) > 0.5) > 0.6
    assert max(heard(Ear(detector.open()), noise)) < 0.5
    assert max(heard(Ear(detector.open()), np.zeros_like(speech))) < 0.1


@settings(max_examples=20, deadline=None)
@given(borders=st.lists(st.integers(0, 16_000), max_size=30))
def test_how_audio_is_cut_changes_nothing(
    detector: SpeechDetector, speech: Samples, borders: list[int]
) -> None:
    speech = speech[:16_000]
    whole = Ear(detector.open()).hear(speech)
    ear = Ear(detector.open())
    parts = [window for part in np.split(speech, sorted(borders)) for window in ear.hear(part)]
    assert len(whole) == 16_000 // WINDOW_SAMPLES
    np.testing.assert_allclose([w.speech for w in parts], [w.speech for w in whole], atol=1e-4)
    # The window that is not full yet is completed with silence, once.
    parts += ear.fill()
    audio = np.concatenate([w.samples for w in parts])
    np.testing.assert_array_equal(audio[:16_000], speech)
    assert 0 < audio.size - 16_000 < WINDOW_SAMPLES
    assert not audio[16_000:].any()
    assert ear.fill() == []


def test_every_window_is_shown_with_the_end_of_the_one_before(speech: Samples) -> None:
    shown: list[Samples] = []

    class Network:
        def run(self, outputs: None, inputs: dict[str, Samples]) -> list[Samples]:
            shown.extend(inputs["input"])
            return [np.zeros(len(inputs["input"]), np.float32), inputs["h"], inputs["c"]]

    class Detector:
        graph = Network()

    ear = Ear(VadState(Detector()))  # type: ignore[arg-type]
    for start in range(0, 16_000, 1_600):
        ear.hear(speech[start : start + 1_600])
    audio = np.concatenate([np.zeros(64, np.float32), speech])
    expected = [audio[start : start + 576] for start in range(0, 16_000 - 511, 512)]
    np.testing.assert_array_equal(shown, expected)


def test_streams_do_not_hear_each_other(detector: SpeechDetector, speech: Samples) -> None:
    alone = heard(Ear(detector.open()), speech)
    mine, other = Ear(detector.open()), Ear(detector.open())
    together = []
    for start in range(0, speech.size, 1600):
        together += heard(mine, speech[start : start + 1600])
        other.hear(speech[::-1][start : start + 1600].copy())
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_a_missing_network_is_named(model_files: ModelFiles) -> None:
    with pytest.raises(ModelError, match=r"silero\.onnx"):
        SpeechDetector(model_files.directory / "silero.onnx")
