"""What came of one clip: the words of every side, when they were there, when turns ended.

A line of the work file. Everything that a report says is worked out from such lines.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from crossfade.bench.lags import Arrival, word_lags
from crossfade.bench.playing import Hearing, Pacing
from crossfade.bench.recordings import SpokenWord
from crossfade.bench.sightings import sightings
from crossfade.compare.changes import words_changed
from crossfade.compare.clips import Clip
from crossfade.compare.playing import Heard
from crossfade.model import Final, TurnEnded, Word


class HeardWord(Struct, frozen=True, array_like=True):
    """A final word, and how late it was. Times are milliseconds of audio."""

    text: str
    mark: str
    """The punctuation behind it."""
    start_ms: int
    end_ms: int
    confidence: float
    partial_ms: float | None
    """From its end to its first appearance; ``None``: it was not played in real time."""
    final_ms: float | None
    """... to the final that holds it."""

    @property
    def word(self) -> Word:
        """As the canonical model has it."""
        return Word(
            text=self.text,
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            confidence=self.confidence,
            punctuation=self.mark,
        )


class HeardTurn(Struct, frozen=True, array_like=True):
    """The end of a turn that had words."""

    speech_end_ms: int
    """Where its last word ends."""
    told_ms: float | None
    """When its client was told; ``None``: it was not played in real time."""


class HeardSide(Struct, frozen=True, kw_only=True):
    """What one side made of a clip."""

    words: tuple[HeardWord, ...] = ()
    turns: tuple[HeardTurn, ...] = ()
    changed: int | None = 0
    """How often a word that was shown was changed or taken back; ``None``: nobody noted it."""
    spoken_lags: tuple[tuple[float, float], ...] = ()
    """First appearance and final of each right word, by the end that the reference gives it."""
    session_s: float | None = None
    failure: str | None = None

    @property
    def text(self) -> str:
        """All words."""
        return " ".join(word.text for word in self.words)


class HeardClip(Struct, frozen=True, kw_only=True):
    """One clip, and what all sides made of it."""

    name: str
    path: str
    stamp: str
    """Of the file as it was; another one is another recording."""
    audio_ms: int
    category: str = ""
    reference: str | None = None
    """``None``: nobody wrote down what is said in it."""
    spoken: tuple[SpokenWord, ...] = ()
    """The reference with times, where it has them."""
    sides: dict[str, HeardSide]
    """By letter."""

    @property
    def is_whole(self) -> bool:
        """No side failed."""
        return not any(side.failure for side in self.sides.values())


def heard_clip(
    clip: Clip, audio_ms: int, heard: dict[str, Heard], *, pacing: Pacing, path: str
) -> HeardClip:
    """Keep what is worth keeping of a clip."""
    recording = clip.recording
    return HeardClip(
        name=recording.id,
        path=path,
        stamp=clip.stamp,
        audio_ms=audio_ms,
        category=recording.category,
        reference=recording.text if clip.has_reference else None,
        spoken=recording.words,
        sides={letter: _side(side, pacing) for letter, side in heard.items()},
    )


def _side(heard: Heard, pacing: Pacing) -> HeardSide:
    arrivals = heard.hearing.arrivals
    is_live = pacing.real_time
    return HeardSide(
        words=tuple(_words(arrivals, is_live=is_live)),
        turns=tuple(_turns(arrivals, is_live=is_live)),
        changed=words_changed(arrivals),
        spoken_lags=tuple(_spoken_lags(heard.hearing)) if is_live else (),
        # As fast as possible, a session's time says nothing.
        session_s=heard.session_s if is_live else None,
        failure=heard.hearing.failure,
    )


def _words(arrivals: Sequence[Arrival], *, is_live: bool) -> Iterable[HeardWord]:
    for lag in word_lags(arrivals):
        word = lag.word
        yield HeardWord(
            text=word.text,
            mark=word.punctuation,
            start_ms=word.start_ms,
            end_ms=word.end_ms,
            confidence=word.confidence,
            partial_ms=round(lag.partial_ms, 1) if is_live else None,
            final_ms=round(lag.final_ms, 1) if is_live else None,
        )


def _spoken_lags(hearing: Hearing) -> Iterable[tuple[float, float]]:
    for seen in sightings(hearing.stream, hearing.arrivals):
        yield round(seen.partial_ms, 1), round(seen.final_ms, 1)


def _turns(arrivals: Iterable[Arrival], *, is_live: bool) -> Iterable[HeardTurn]:
    end_ms = told_end_ms = -1
    for arrival in arrivals:
        match arrival.event:
            case Final(words=words) if words:
                end_ms = words[-1].end_ms
            case TurnEnded() if end_ms != told_end_ms:
                yield HeardTurn(end_ms, round(arrival.at_ms, 1) if is_live else None)
                told_end_ms = end_ms
            case _:
                pass  # ends no turn that had words
