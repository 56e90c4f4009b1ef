"""A stand-in for ``pyaudio``, for programs that tests run: its microphone hears a recording.

``MICROPHONE_RECORDING`` names a 16-bit mono WAV file, which is given at the speed of speech. Where
it ends the person at the keyboard presses Ctrl-C; the microphone goes on to hear silence.
"""

import array
import os
import signal
import time
import wave

paFloat32 = 1  # noqa: N816 (its own name)
paInt16 = 8  # noqa: N816 (its own name)


def get_sample_size(form):
    """Bytes of one sample."""
    return {paFloat32: 4, paInt16: 2}[form]


class _Stream:
    def __init__(self, form, rate):
        self._form = form
        with wave.open(os.environ["MICROPHONE_RECORDING"]) as recording:
            assert recording.getframerate() == rate, "the card does not resample"
            assert (recording.getsampwidth(), recording.getnchannels()) == (2, 1)
            self._samples = array.array("h", recording.readframes(recording.getnframes()))
        self._rate = rate
        self._at = 0
        self._start = time.monotonic()
        self._interrupted = False

    def read(self, n_frames, exception_on_overflow=True):
        """Wait until so many samples were heard; return them."""
        del exception_on_overflow
        part = self._samples[self._at : self._at + n_frames]
        self._at += n_frames
        time.sleep(max(0.0, self._start + self._at / self._rate - time.monotonic()))
        if self._at >= len(self._samples) and not self._interrupted:
            self._interrupted = True
            os.kill(os.getpid(), signal.SIGINT)
        part.extend([0] * (n_frames - len(part)))
        if self._form == paFloat32:
            return array.array("f", [sample / 32768 for sample in part]).tobytes()
        return part.tobytes()

    def is_active(self):
        """A microphone is, until it is closed."""
        return True

    def stop_stream(self):
        """Nothing to do."""

    def close(self):
        """Nothing to do."""


class PyAudio:
    """The sound card."""

    def open(self, *, format, channels, rate, input, frames_per_buffer, **_):  # noqa: A002 (its names)
        """Open the microphone."""
        assert input
        assert channels == 1
        return _Stream(format, rate)

    def get_default_input_device_info(self):
        """What a program may ask before it opens the microphone."""
        with wave.open(os.environ["MICROPHONE_RECORDING"]) as recording:
            return {"index": 0, "name": "default", "defaultSampleRate": recording.getframerate()}

    def get_sample_size(self, form):
        """Bytes of one sample."""
        return get_sample_size(form)

    def terminate(self):
        """Nothing to do."""
