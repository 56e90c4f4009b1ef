"""Recordings with what was said in them, as tests see them."""

from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np

from crossfade.audio import Samples, read_media

CARRIED = Path(__file__).parent / "recordings"
"""The recordings that are part of the project."""

SHARED = Path(__file__).parents[2] / "shared" / "speech"
"""A larger set that lies beside the checkout, where there is one."""


class SpokenWord(msgspec.Struct, frozen=True):
    word: str
    start: float
    end: float
    speaker: str | None = None


class Recording(msgspec.Struct, frozen=True):
    """One line of a manifest. Times are in seconds, as the manifest has them."""

    id: str
    file: str
    category: str
    language: str
    duration_s: float
    sample_rate: int
    channels: int
    text: str
    license: str
    attribution: str
    words: tuple[SpokenWord, ...] = ()
    turn_complete: bool | None = None
    folder: Path = CARRIED

    @property
    def path(self) -> Path:
        return self.folder / self.file

    def samples(self) -> Samples:
        """Mono, 16 kHz."""
        return _samples(self.path)


def load(folder: Path) -> tuple[Recording, ...]:
    """Read a folder's manifest."""
    decoder = msgspec.json.Decoder(Recording)
    lines = (folder / "manifest.jsonl").read_bytes().splitlines()
    return tuple(msgspec.structs.replace(decoder.decode(line), folder=folder) for line in lines)


@lru_cache(maxsize=64)
def _samples(path: Path) -> Samples:
    samples = np.concatenate(list(read_media(path)))
    samples.flags.writeable = False  # shared between tests
    return samples
