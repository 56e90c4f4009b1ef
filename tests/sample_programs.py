"""The programs in ``tests/migrate/programs``, run in processes of their own against a server.

Each takes its server and key from the environment, a recording from its arguments or from a
microphone that hears one (``tests/migrate/standins``), and prints what was said.
"""

import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np

from crossfade.audio import encode
from crossfade.model import Encoding
from processes import CHECKOUT

MIGRATE = Path(__file__).parent / "migrate"
PROGRAMS = MIGRATE / "programs"
STANDINS = MIGRATE / "standins"
LIMIT_S = 90

BY_MICROPHONE = {"guide"}
OUT_OF_REACH = {
    "sdk_agent": "speaks a protocol that this server does not",
    "sdk_realtime_v2": "the SDK has lost its class, and the vendor's servers are gone",
    "raw_realtime_v2": "the vendor's servers are gone",
}
"""Programs that run nowhere, or not here; ``migrate check`` says so of them."""
LEGACY = {"sdk_legacy": CHECKOUT / ".clients" / "speechmatics-python"}
"""Programs whose SDK is in a folder of its own: it would shadow another."""


def programs(dialect: str) -> list[Path]:
    """All sample programs in Python, of one vendor."""
    return sorted((PROGRAMS / dialect).glob("*.py"))


def environment(
    address: str, key: str, *, recording: Path, tokens: str | None = None
) -> dict[str, str]:
    """What a program finds: of both vendors, since a rewritten one may ask for either.

    ``tokens``: where temporary credentials are made, if that is another address.
    """
    path = os.pathsep.join([str(STANDINS), os.environ.get("PYTHONPATH", "")])
    return os.environ | {
        "PYTHONPATH": path,
        "MICROPHONE_RECORDING": str(recording),
        "SPEECHMATICS_URL": f"ws://{address}/v2",
        "SPEECHMATICS_TOKEN_URL": f"http://{tokens or address}/v1/api_keys",
        "SPEECHMATICS_API_KEY": key,
        "ASSEMBLYAI_URL": f"ws://{address}/v3/ws",
        "ASSEMBLYAI_HOST": f"ws://{address}",
        "ASSEMBLYAI_TOKEN_URL": f"http://{tokens or address}/v3/token",
        "ASSEMBLYAI_API_KEY": key,
    }


def arguments(program: Path, recording: Path) -> list[str]:
    """What its command line says besides its name."""
    if program.stem.partition(".")[0] in BY_MICROPHONE:
        return []
    if "mulaw" in program.stem:
        return [str(as_mulaw(recording))]
    return [str(recording)] * (2 if "multichannel" in program.stem else 1)


def run(
    program: Path, address: str, key: str, recording: Path, *more: str, tokens: str | None = None
) -> str:
    """Run one to its end; return what it printed."""
    variables = environment(address, key, recording=recording, tokens=tokens)
    if (folder := LEGACY.get(program.stem)) is not None:
        variables["PYTHONPATH"] = os.pathsep.join([str(folder), variables["PYTHONPATH"]])
    done = subprocess.run(
        [sys.executable, program, *arguments(program, recording), *more],
        env=variables,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{program.name}: {done.stderr}"
    return done.stdout


def silence(path: Path, *, seconds: float, rate_hz: int = 16_000) -> Path:
    """Write a WAV file in which nothing is said: a scripted server does not mind."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(bytes(int(seconds * rate_hz) * 2))
    return path


def as_mulaw(recording: Path) -> Path:
    """The same at 8 kHz as a telephone would give it, without a header; written beside it once."""
    path = recording.with_suffix(".ulaw")
    if not path.exists():
        with wave.open(str(recording)) as file:
            rate_hz = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        halved = samples[:: rate_hz // 8000].astype(np.float32) / 32768
        path.write_bytes(encode(halved, Encoding.MULAW))
    return path
