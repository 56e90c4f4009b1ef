"""The machine's microphones, through PortAudio; ``sounddevice`` is its binding (extra ``mic``).

It is imported when it is asked for: importing it starts PortAudio, which looks at every device.
"""

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from crossfade.errors import CrossfadeError

BLOCK_MS = 50
"""How much sound comes at once."""

_CHANNELS = 2
"""A microphone on one channel may be either of two, so both are recorded."""

_COMMON_RATES_HZ = (48_000, 44_100, 16_000)

_PULSE_LATENCY_MS = "40"

_INVALID_RATE, _UNAVAILABLE = -9997, -9985
"""PortAudio's codes, from ``portaudio.h``."""

_HARDWARE = "/dev/snd"
_LIST = "`crossfade listen --list-devices` shows them"


class MicrophoneError(CrossfadeError):
    """There is no microphone, or it cannot be used. The sentence says what to do."""


class InputDevice(Struct, frozen=True, kw_only=True):
    """What can be recorded from."""

    number: int
    name: str
    system: str
    """The sound system that offers it; one device may be offered by several."""
    channels: int
    rate_hz: int
    """Its own sample rate."""
    is_default: bool


Take = Callable[[bytes, bool], None]
"""Called with a block of samples, and whether sound before it was lost."""


class Recording:
    """An open device, in 32-bit floats, its channels interleaved."""

    def __init__(self, stream: Any, *, rate_hz: int, channels: int) -> None:
        self._stream = stream
        self.rate_hz = rate_hz
        self.channels = channels

    def start(self) -> None:
        """Begin to record.

        Raises:
            MicrophoneError: If the device does not.
        """
        try:
            self._stream.start()
        except Exception as error:  # PortAudioError, which has no base of its own
            raise MicrophoneError(f"the microphone does not start: {error}") from error

    def close(self) -> None:
        """Let go of the device. May take long where it was unplugged."""
        with suppress(Exception):  # what there was is recorded; nobody can do more
            self._stream.abort()
        with suppress(Exception):
            self._stream.close()


def input_devices() -> list[InputDevice]:
    """List what can be recorded from. The first time, this may take a second.

    Raises:
        MicrophoneError: If the libraries for it are not installed.
    """
    return _devices(_library())


def find(wanted: str | int | None) -> InputDevice:
    """Find a device.

    Args:
        wanted: Its number, or its name or a part of it; ``None``: the system's default.

    Raises:
        MicrophoneError: If there is no such device, or more than one.
    """
    devices = input_devices()
    if not devices:
        raise MicrophoneError(_why_none())
    if wanted is None:
        return next((device for device in devices if device.is_default), devices[0])
    found = _matching(devices, str(wanted))
    if len(found) == 1:
        return found[0]
    if not found:
        raise MicrophoneError(f"there is no microphone {str(wanted)!r}; {_LIST}")
    raise MicrophoneError(
        f"{str(wanted)!r} can be {' or '.join(f'{d.number} ({d.name})' for d in found)}: "
        "choose one by its number"
    )


def open_recording(device: InputDevice, take: Take, *, ended: Callable[[], None]) -> Recording:
    """Open a device at its own rate, or another one that it takes. ``start`` begins.

    Args:
        device: One of ``input_devices``.
        take: Called in a thread of PortAudio, which it must not block.
        ended: Called there when no more comes: the device is closed, or gone.

    Raises:
        MicrophoneError: If it cannot be opened.
    """
    library = _library()
    channels = min(device.channels, _CHANNELS)

    def callback(data: Any, _n_frames: int, _times: Any, status: Any) -> None:
        take(bytes(data), bool(status.input_overflow))

    refusal: Exception | None = None
    for rate_hz in dict.fromkeys((device.rate_hz, *_COMMON_RATES_HZ)):
        try:
            stream = library.RawInputStream(
                device=device.number,
                samplerate=rate_hz,
                channels=channels,
                dtype="float32",
                blocksize=rate_hz * BLOCK_MS // 1000,
                callback=callback,
                finished_callback=ended,
            )
        except library.PortAudioError as error:
            refusal = error
            if _code(error) != _INVALID_RATE:
                break
        else:
            return Recording(stream, rate_hz=rate_hz, channels=channels)
    raise MicrophoneError(_why_refused(device, refusal)) from refusal


def _library() -> Any:
    # Through ALSA's plugin, PulseAudio hands over sound only every second or two unless it is
    # told otherwise, and this variable is the way to tell it.
    os.environ.setdefault("PULSE_LATENCY_MSEC", _PULSE_LATENCY_MS)
    try:
        return importlib.import_module("sounddevice")
    except ImportError:
        message = "recording needs the package sounddevice: pip install 'crossfade[mic]'"
        raise MicrophoneError(message) from None
    except OSError:
        raise MicrophoneError(
            "recording needs the library PortAudio: apt install libportaudio2 (Debian, Ubuntu), "
            "dnf install portaudio (Fedora), brew install portaudio (macOS)"
        ) from None
    except Exception as error:  # PortAudioError; the class is in what could not be imported
        raise MicrophoneError(f"the sound system does not start: {error}") from error


def _devices(library: Any) -> list[InputDevice]:
    default = library.default.device[0]
    systems = library.query_hostapis()
    return [
        InputDevice(
            number=number,
            name=entry["name"],
            system=systems[entry["hostapi"]]["name"],
            channels=entry["max_input_channels"],
            rate_hz=round(entry["default_samplerate"]),
            is_default=number == default,
        )
        for number, entry in enumerate(library.query_devices())
        if entry["max_input_channels"] > 0
    ]


def _matching(devices: list[InputDevice], wanted: str) -> list[InputDevice]:
    """Those of this number, else of this name, else with this in their names."""
    name = wanted.casefold()
    for matches in (
        [device for device in devices if str(device.number) == wanted],
        [device for device in devices if device.name.casefold() == name],
    ):
        if matches:
            return matches
    return [device for device in devices if name in device.name.casefold()]


def _code(error: Exception) -> int | None:
    return error.args[1] if len(error.args) > 1 else None


def _why_none() -> str:
    """Say why there is no microphone."""
    nodes = list(_capture_nodes())
    if nodes and not any(os.access(node, os.R_OK | os.W_OK) for node in nodes):
        return (
            f"you may not use the sound devices in {_HARDWARE}: "
            "sudo usermod -aG audio $USER, then log in anew"
        )
    return (
        "there is no microphone: plug one in, or start the sound system (PipeWire, PulseAudio); "
        "a container needs --device /dev/snd, or PULSE_SERVER"
    )


def _capture_nodes() -> Iterator[Path]:
    """Where Linux has devices to record from."""
    return Path(_HARDWARE).glob("pcmC*D*c")


def _why_refused(device: InputDevice, error: Exception | None) -> str:
    if error is not None and _code(error) == _UNAVAILABLE:
        return (
            f"{device.name} cannot be opened: another program holds it, or it was unplugged. "
            "Close that program, or choose another device"
        )
    return f"{device.name} cannot be opened: {error}. Choose another device; {_LIST}"
