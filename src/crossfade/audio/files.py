"""Media files on disk, or open files, as samples."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from crossfade.audio.media import claimed_duration_s, decode_file, decode_stream
from crossfade.audio.pcm import SAMPLE_RATE_HZ, Samples
from crossfade.errors import AudioError

PathLike = str | os.PathLike[str]


def read_media(source: PathLike | BinaryIO) -> Iterator[Samples]:
    """Decode the audio of any media file, videos included.

    Args:
        source: A path, or a file object open for reading bytes; it need not be seekable and
            is not closed.

    Yields:
        Mono, 16 kHz, one second each; the last is shorter.

    Raises:
        AudioError: If there is no such file, or no audio in it, with a sentence for the user.
    """
    if isinstance(source, str | os.PathLike):
        with _opened(source) as file:
            yield from _seconds(decode_file(file))
    else:
        yield from _seconds(decode_stream(source))


def duration_s(path: PathLike) -> float | None:
    """Say how long a file claims to be, without decoding it; ``None`` if it does not say.

    Raises:
        AudioError: As ``read_media`` does.
    """
    with _opened(path) as file:
        return claimed_duration_s(file)


@contextmanager
def _opened(path: PathLike) -> Iterator[BinaryIO]:
    # We open the file, not FFmpeg: it would take "http://..." and "concat:..." for addresses.
    # SIM115: the ``with`` below closes it; inside of it this ``except`` would catch too much.
    try:
        file = Path(path).open("rb")  # noqa: SIM115
    except FileNotFoundError as exc:
        raise AudioError(f"there is no file {os.fspath(path)}") from exc
    except OSError as exc:
        raise AudioError(f"{os.fspath(path)} cannot be read: {exc.strerror}") from exc
    with file:
        if not os.fstat(file.fileno()).st_size:
            raise AudioError(f"{os.fspath(path)} is empty")
        try:
            yield file
        except AudioError as exc:
            raise AudioError(f"{os.fspath(path)}: {exc}") from exc


def _seconds(decoded: Iterator[Samples]) -> Iterator[Samples]:
    """Cut blocks of any length anew."""
    waiting: list[Samples] = []
    n_waiting = 0
    for samples in decoded:
        waiting.append(samples)
        n_waiting += samples.size
        if n_waiting >= SAMPLE_RATE_HZ:
            joined = np.concatenate(waiting)
            n_whole = n_waiting - n_waiting % SAMPLE_RATE_HZ
            yield from np.split(joined[:n_whole], range(SAMPLE_RATE_HZ, n_whole, SAMPLE_RATE_HZ))
            waiting, n_waiting = [joined[n_whole:]], n_waiting - n_whole
    if n_waiting:
        yield np.concatenate(waiting)
