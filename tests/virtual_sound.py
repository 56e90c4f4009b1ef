"""A sound card of our own: PulseAudio with a loudspeaker that the microphone hears.

The daemon is private: its socket and state are in a folder of the test, and ALSA, through which
PortAudio records, is told of nothing else. It is a real sound stack but for the hardware.
"""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes.util import find_library
from pathlib import Path

import pytest

PROGRAMS = ("pulseaudio", "pactl", "paplay", "parec")
PACKAGES = "pulseaudio pulseaudio-utils libportaudio2"

_STOP_S = 10
_ALSA = """
pcm.!default { type pulse }
ctl.!default { type pulse }
"""


def missing() -> str | None:
    """Say what is not here, of what it takes."""
    if absent := [program for program in PROGRAMS if shutil.which(program) is None]:
        return f"no {', '.join(absent)} here: apt install {PACKAGES}"
    if find_library("portaudio") is None:
        return f"no PortAudio here: apt install {PACKAGES}"
    if importlib.util.find_spec("sounddevice") is None:
        return "no sounddevice here: pip install 'crossfade[mic]'"
    return None


class SoundCard:
    """What a program plays on it, its microphone hears."""

    def __init__(self, folder: Path) -> None:
        self.variables = {
            "PULSE_SERVER": f"unix:{folder / 'pulse' / 'native'}",
            "PULSE_COOKIE": str(folder / "cookie"),
            "XDG_RUNTIME_DIR": str(folder),
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
        }
        (folder / "asound.conf").write_text(_ALSA)

    @property
    def environment(self) -> dict[str, str]:
        """What programs need to use this card and no other."""
        return os.environ | self.variables

    def play(self, sound: Path, *, gain: float = 1.0) -> None:
        """Play a WAV file to its end."""
        volume = f"--volume={round(65536 * gain)}"
        subprocess.run(
            ["paplay", "--latency-msec=500", volume, sound],
            env=self.environment,
            check=True,
            timeout=60,
        )


@contextmanager
def sound_card(folder: Path) -> Iterator[SoundCard]:
    """Run the daemon in a folder that is empty."""
    folder.chmod(0o700)  # or PulseAudio refuses it
    card = SoundCard(folder)
    command = [
        *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"),
        *("--resample-method=soxr-hq", "--log-level=error"),
        *("-L", "module-native-protocol-unix auth-anonymous=1"),
        *("-L", "module-null-sink sink_name=room rate=48000 channels=2"),
    ]
    with _running(command, {**card.environment, "HOME": str(folder)}) as daemon:
        _wait_for(card, daemon)
        # A monitor that nobody hears sleeps for up to two seconds at a time.
        with _running(["parec", "--latency-msec=20"], card.environment):
            yield card


@contextmanager
def _running(
    command: list[str], environment: dict[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet)
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_STOP_S)
        process.kill()
        process.wait()


def _wait_for(card: SoundCard, daemon: "subprocess.Popen[bytes]") -> None:
    """Ask until it answers; `pactl` itself waits for nothing."""
    for _ in range(200):
        asked = subprocess.run(
            ["pactl", "info"], env=card.environment, capture_output=True, check=False, timeout=10
        )
        if asked.returncode == 0:
            return
        assert daemon.poll() is None, "PulseAudio ended"
        with suppress(subprocess.TimeoutExpired):
            daemon.wait(timeout=0.05)
    raise AssertionError("PulseAudio does not answer")


def required() -> None:
    """Skip the test that asks where there is no sound stack; CI has to have one."""
    if (reason := missing()) is not None:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
