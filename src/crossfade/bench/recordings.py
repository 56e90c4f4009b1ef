"""Recordings with what is said in them, as a manifest lists them.

A manifest is a JSON object a line: ``file`` relative to its folder, ``text``, and where they are
known the words with their times in seconds. ``tests/recordings/README.md`` describes the fields.
"""

from functools import cached_property
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct

from crossfade.audio import Samples, encode, read_media
from crossfade.errors import CrossfadeError
from crossfade.model import Encoding

_CHECKOUT = Path(__file__).parents[3]
_COPIES = "formats"
"""The category of one clip in many file formats, which other categories have as well."""
_HEADERLESS = frozenset({".raw", ".ulaw", ".alaw", ".gsm", ".g722"})
"""Files that do not say what they hold; nothing here reads those."""

SPEECH_GAP_S = 0.3
"""A shorter gap between two words is speech: nobody notices it as a pause."""


class MaterialError(CrossfadeError):
    """There is nothing to measure with; the sentence says what to do."""


class SpokenWord(Struct, frozen=True):
    """A word of the reference, with its time in seconds from the start of the recording."""

    word: str
    start: float
    end: float
    speaker: str | None = None


class Recording(Struct, frozen=True, dict=True):
    """One line of a manifest."""

    id: str
    file: str
    category: str
    language: str
    duration_s: float
    text: str
    text_normalized: str = ""
    words: tuple[SpokenWord, ...] = ()
    turn_complete: bool | None = None
    """Whether the speaker has finished at the end; ``None``: nobody said."""
    folder: Path = Path()

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.folder / self.file

    @property
    def is_copy(self) -> bool:
        """It is there to be read, not to be counted: its clip would count many times."""
        return self.category == _COPIES

    @property
    def speech_s(self) -> float:
        """How much of it is speech: words and the short gaps between them.

        All of it, where nobody said when its words were spoken.
        """
        if not self.words:
            return self.duration_s
        total_s, until_s = 0.0, -SPEECH_GAP_S
        for word in self.words:
            begins_s = word.start if word.start - until_s >= SPEECH_GAP_S else until_s
            total_s += max(0.0, word.end - max(begins_s, until_s))
            until_s = max(until_s, word.end)
        return total_s

    @property
    def has_crosstalk(self) -> bool:
        """Two people speak at once: then no order of the words is the right one."""
        by_start = sorted(self.words, key=lambda word: word.start)
        return any(
            one.speaker != other.speaker and other.start < one.end
            for one, other in pairwise(by_start)
        )

    def samples(self) -> Samples:
        """Decode it: mono float32, 16 kHz.

        Raises:
            AudioError: If the file is missing or holds no audio.
        """
        return np.concatenate(list(read_media(self.path)))

    @cached_property
    def pcm(self) -> bytes:
        """The samples as 16-bit PCM, decoded once and kept; raises as ``samples`` does."""
        return encode(self.samples(), Encoding.PCM_S16LE)


def default_manifest() -> Path:
    """Find the recordings that lie in or beside a checkout, the larger set first.

    Raises:
        MaterialError: If this is an installed package.
    """
    places = (_CHECKOUT.parent / "shared" / "speech", _CHECKOUT / "tests" / "recordings")
    for place in places:
        if (manifest := place / "manifest.jsonl").is_file():
            return manifest
    raise MaterialError(
        "the recordings are part of a checkout of Crossfade, not of the installed package; "
        "name some of your own by --manifest FILE"
    )


def read_manifest(manifest: Path, *, language: str = "en") -> tuple[Recording, ...]:
    """Read the recordings of one language whose files say what they hold.

    Raises:
        MaterialError: If the file cannot be read, or has no such recording.
    """
    decoder = msgspec.json.Decoder(Recording)
    try:
        lines = [decoder.decode(line) for line in manifest.read_bytes().splitlines() if line]
    except OSError as exc:
        raise MaterialError(f"{manifest} cannot be read: {exc.strerror}") from exc
    except msgspec.DecodeError as exc:
        raise MaterialError(f"{manifest} is not a manifest of recordings: {exc}") from exc
    found = tuple(
        msgspec.structs.replace(line, folder=manifest.parent)
        for line in lines
        if line.language == language and Path(line.file).suffix.lower() not in _HEADERLESS
    )
    if not found:
        raise MaterialError(f"{manifest} lists no recording in language {language!r}")
    return found
