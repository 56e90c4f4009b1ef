"""The voice activity network, one stream's memory of it, and its independence of chunks."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import Recording
from crossfade.audio import Samples
from crossfade.errors import ModelError
from crossfade.recognizers.onnx.files import ModelFiles
from crossfade.recognizers.onnx.vad import WINDOW_SAMPLES, SpeechDetector, VadState

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def detector(model_files: ModelFiles) -> SpeechDetector:
    return SpeechDetector(model_files.vad)


@pytest.fixture(scope="module")
def speech(recording: Callable[[str], Recording]) -> Samples:
    return recording("brooklyn-bridge").samples()


def test_speech_is_told_from_silence_and_noise(detector: SpeechDetector, speech: Samples) -> None:
    rng = np.random.default_rng(1)
    noise = (rng.standard_normal(speech.size) / 30).astype(np.float32)
    assert np.mean(VadState(detector).probabilities(speech) > 0.5) > 0.6
    assert VadState(detector).probabilities(noise).max() < 0.5
    assert VadState(detector).probabilities(np.zeros_like(speech)).max() < 0.1


@settings(max_examples=20, deadline=None)
@given(borders=st.lists(st.integers(0, 16_000), max_size=30))
def test_how_audio_is_cut_changes_nothing(
    detector: SpeechDetector, speech: Samples, borders: list[int]
) -> None:
    speech = speech[:16_000]
    whole = VadState(detector).probabilities(speech)
    state = VadState(detector)
    parts = [state.probabilities(part) for part in np.split(speech, sorted(borders))]
    assert whole.shape == (16_000 // WINDOW_SAMPLES,)
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-4)
    assert state.n_pending == 16_000 % WINDOW_SAMPLES


def test_streams_do_not_hear_each_other(detector: SpeechDetector, speech: Samples) -> None:
    alone = VadState(detector).probabilities(speech)
    mine, other = VadState(detector), VadState(detector)
    heard = []
    for start in range(0, speech.size, 1600):
        heard.append(mine.probabilities(speech[start : start + 1600]))
        other.probabilities(speech[::-1][start : start + 1600].copy())
    np.testing.assert_allclose(np.concatenate(heard), alone, atol=1e-4)


def test_a_missing_network_is_named(model_files: ModelFiles) -> None:
    with pytest.raises(ModelError, match=r"silero\.onnx"):
        SpeechDetector(model_files.directory / "silero.onnx")
