"""What the speaker network is shown of a sound."""

import numpy as np
import pytest

from crossfade.audio import Samples
from crossfade.recognizers.onnx.speakers import features
from crossfade.recognizers.onnx.speakers.features import mel_filters, power_spectra


def tone(hz: float, *, amplitude: float = 0.5, n_samples: int = 16_000) -> Samples:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(n_samples) / 16_000)).astype(np.float32)


def test_bands_lie_where_librosa_has_them() -> None:
    # From the documentation of librosa.mel_frequencies: 40 of them up to 11025 Hz.
    documented = [0.0, 85.317, 170.635, 255.952, 341.269, 426.586, 511.904, 597.221, 682.538]
    documented += [767.855, 853.173, 938.49, 1024.856, 1119.114, 1222.042, 1334.436]
    ours = features._hz(np.linspace(0.0, features._mel(11_025), 40))
    assert ours[: len(documented)] == pytest.approx(documented, abs=0.001)
    assert ours[-1] == pytest.approx(11_025)


def test_every_band_weighs_the_same() -> None:
    # Slaney's norm: triangles of area 1 Hz; the lowest are too narrow for bins of 40 Hz to tell.
    areas = mel_filters().sum(axis=0) * 40
    assert areas.shape == (40,)
    assert areas[15:] == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("hz", [200, 1000, 4000])
def test_a_tone_stands_in_its_own_band(hz: int) -> None:
    bands = power_spectra(tone(hz)) @ mel_filters()
    loudest = bands[50].argmax()
    assert mel_filters()[:, loudest][hz // 40] == mel_filters()[hz // 40].max()


def test_there_is_a_step_every_10_ms() -> None:
    assert power_spectra(tone(300, n_samples=25_600)).shape == (161, 201)
    assert power_spectra(tone(300, n_samples=8_000)).dtype == np.float32


def test_quiet_speech_is_raised_and_loud_speech_is_not_lowered() -> None:
    loud, half, quiet, quieter = (
        power_spectra(tone(440, amplitude=amplitude))[50].max()
        for amplitude in (0.8, 0.4, 0.01, 0.001)
    )
    assert loud == pytest.approx(4 * half, rel=1e-4)
    assert quiet == pytest.approx(quieter, rel=1e-4)
    assert quiet < half


def test_silence_has_a_spectrum_too() -> None:
    assert not power_spectra(np.zeros(16_000, np.float32)).any()
