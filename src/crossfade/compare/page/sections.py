"""One recording as the page shows it: sound, waveform, words side by side."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from crossfade.audio import Samples, read_media
from crossfade.audio.mp3 import encode_mp3
from crossfade.client.lines import written
from crossfade.compare.columns import Column, columns
from crossfade.compare.heard import HeardClip
from crossfade.compare.page.pictures import WIDTH, Peaks
from crossfade.compare.report import ClipReport
from crossfade.errors import AudioError

Sound = Callable[[HeardClip], Iterator[Samples]]
"""Yields the samples of a recording; raises ``AudioError`` where there is no such thing."""

LEAST_WIDTH = 2.0
"""Of a mark below the waveform: a short word in a long recording is to be seen too."""


@dataclass(frozen=True)
class Row:
    """What one side, or the reference, has in a column."""

    label: str
    style: str
    text: str
    differs: bool


@dataclass(frozen=True)
class ShownColumn:
    """One place in what was said."""

    start_s: str
    end_s: str
    rows: tuple[Row, ...]
    differs: bool


@dataclass(frozen=True)
class Lane:
    """Below the waveform: where a side has other words, where it ended turns."""

    letter: str
    style: str
    marks: tuple[tuple[str, str], ...]
    """Where each begins, and its width."""
    ends: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """One recording."""

    anchor: str
    clip: ClipReport
    columns: tuple[ShownColumn, ...]
    lanes: tuple[Lane, ...]
    texts: tuple[tuple[str, str], ...]
    """Who, and all that they have."""
    wave: str | None
    sound: str | None
    """A data URI."""
    problems: tuple[tuple[str, str], ...]

    @property
    def n_differing(self) -> int:
        """How many places differ."""
        return sum(column.differs for column in self.columns)


def of_file(heard: HeardClip) -> Iterator[Samples]:
    """Yield the samples of the file that was played."""
    return read_media(Path(heard.path))


def section(
    number: int, clip: ClipReport, heard: HeardClip, *, sound: Sound, with_audio: bool
) -> Section:
    """Lay out a recording; one whose file is gone has neither sound nor waveform."""
    laid = columns(heard)
    wave, data = _listened(heard, sound, with_audio=with_audio)
    return Section(
        anchor=f"recording-{number}",
        clip=clip,
        columns=tuple(_shown(column, heard) for column in laid),
        lanes=tuple(_lanes(laid, heard)),
        texts=tuple(_texts(heard)),
        wave=wave,
        sound=data,
        problems=tuple(
            (letter, side.failure) for letter, side in heard.sides.items() if side.failure
        ),
    )


def _shown(column: Column, heard: HeardClip) -> ShownColumn:
    start_ms, end_ms = column.place_ms
    rows = tuple(_rows(column, heard))
    return ShownColumn(
        start_s=f"{start_ms / 1000:.2f}",
        end_s=f"{end_ms / 1000:.2f}",
        rows=rows,
        differs=any(row.differs for row in rows),
    )


def _rows(column: Column, heard: HeardClip) -> Iterator[Row]:
    if heard.reference:
        yield Row("reference", "said", column.said or "", differs=False)
    for number, letter in enumerate(heard.sides):
        word = column.cells.get(letter)
        text = "" if word is None else word.text + word.mark
        yield Row(letter, f"s{number}", text, differs=not column.is_right(letter))


def _lanes(laid: list[Column], heard: HeardClip) -> Iterator[Lane]:
    length_ms = max(heard.audio_ms, 1)
    for number, (letter, side) in enumerate(heard.sides.items()):
        wrong = (column.place_ms for column in laid if not column.is_right(letter))
        yield Lane(
            letter=letter,
            style=f"s{number}",
            marks=tuple(
                (
                    f"{start / length_ms * WIDTH:.1f}",
                    f"{max((end - start) / length_ms * WIDTH, LEAST_WIDTH):.1f}",
                )
                for start, end in wrong
            ),
            ends=tuple(f"{turn.speech_end_ms / length_ms * WIDTH:.1f}" for turn in side.turns),
        )


def _texts(heard: HeardClip) -> Iterator[tuple[str, str]]:
    if heard.reference:
        yield "Reference", heard.reference
    for letter, side in heard.sides.items():
        yield letter, written(word.word for word in side.words)


def _listened(heard: HeardClip, sound: Sound, *, with_audio: bool) -> tuple[str | None, str | None]:
    peaks = Peaks(heard.audio_ms)

    def blocks() -> Iterator[Samples]:
        for samples in sound(heard):
            peaks.push(samples)
            yield samples

    try:
        if with_audio:
            data = base64.b64encode(encode_mp3(blocks())).decode()
            return peaks.path(), f"data:audio/mpeg;base64,{data}"
        for _ in blocks():
            pass  # the peaks are all that is wanted
    except AudioError:
        return None, None
    return peaks.path(), None
