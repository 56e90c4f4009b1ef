"""PortAudio as `sounddevice` offers it, without devices: a test is the sound card."""

import threading
from types import SimpleNamespace

import numpy as np

from crossfade.audio import Samples

INVALID_RATE, UNAVAILABLE = -9997, -9985


class FakeStream:
    """A device that was opened. The test speaks into it."""

    def __init__(self, options: dict, is_started: threading.Event) -> None:
        self.options = options
        self._is_started = is_started
        self.is_closed = False

    def start(self) -> None:
        self._is_started.set()

    def abort(self) -> None:
        self.options["finished_callback"]()

    def close(self) -> None:
        self.is_closed = True

    def hear(self, *channels: Samples, overflowed: bool = False) -> None:
        """Give one block, one array for each channel."""
        block = np.stack(channels, axis=1).astype(np.float32)
        status = SimpleNamespace(input_overflow=overflowed)
        self.options["callback"](memoryview(block.tobytes()), len(block), None, status)

    def vanish(self) -> None:
        """It is unplugged."""
        self.options["finished_callback"]()


class FakePortAudio:
    """What `import sounddevice` gives."""

    class PortAudioError(Exception):
        """As the binding raises it: a sentence and a code."""

    def __init__(self, *names: str, rate_hz: int = 48_000, channels: int = 2) -> None:
        self._devices = [
            {
                "name": name,
                "hostapi": 0,
                "max_input_channels": channels,
                "default_samplerate": float(rate_hz),
            }
            for name in names
        ]
        self.default = SimpleNamespace(device=[len(names) - 1, -1])
        self.refusals: dict[int, int] = {}
        """Code of the error for each rate that is refused."""
        self.opened: list[FakeStream] = []
        self.is_started = threading.Event()

    def query_devices(self) -> list[dict]:
        loudspeaker = self._devices[:1] and [{**self._devices[0], "max_input_channels": 0}]
        return [*self._devices, *loudspeaker]

    def query_hostapis(self) -> list[dict]:
        return [{"name": "Fake"}]

    def RawInputStream(self, **options) -> FakeStream:  # noqa: N802  # as it is called there
        if code := self.refusals.get(options["samplerate"]):
            raise self.PortAudioError("Error opening RawInputStream", code)
        self.opened.append(FakeStream(options, self.is_started))
        return self.opened[-1]
