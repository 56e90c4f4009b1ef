"""What streaming costs in accuracy, and what word times and confidence are worth."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from msgspec import Struct

from crossfade.bench.matching import (
    ConfidenceQuality,
    Match,
    TimeErrors,
    confidence_quality,
    match,
    time_errors,
)
from crossfade.bench.material import Piece, SpeechStream
from crossfade.bench.playing import Hearing, Pacing, play, session_config
from crossfade.bench.recordings import Recording
from crossfade.bench.settling import LateWords, late_words, waits_ms
from crossfade.bench.target import Target
from crossfade.bench.turns import TurnConfidence
from crossfade.bench.whole import WholeUtterances
from crossfade.errors import CrossfadeError
from crossfade.model import Event, Final, Word
from crossfade.scoring import WordErrors, word_errors


class Scores(Struct, frozen=True, kw_only=True):
    """Of some recordings together. Rates are 0.0 to 1.0."""

    recordings: int
    audio_s: float
    reference_words: int
    wer: float
    """Streamed."""
    wer_whole: float | None
    """The same model on whole utterances; ``None``: not measured."""
    word_times: TimeErrors
    """Of the right words in recordings whose reference has times."""
    confidence: ConfidenceQuality
    late_words: LateWords | None
    """Settled later than ``max_delay``, by the audio's clock; ``None``: a protocol is between."""


class AccuracyReport(Struct, frozen=True, kw_only=True):
    """Of everything, and by category."""

    all: Scores
    categories: dict[str, Scores]
    pacing: Pacing
    max_delay_ms: int
    target: str
    dialect: str | None
    turns: TurnConfidence | None = None
    """What turn confidence is worth; ``None``: not measured."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """One recording and what was made of it."""

    recording: Recording
    streamed: WordErrors
    whole: WordErrors | None
    matches: tuple[Match, ...]
    waits_ms: tuple[int, ...] | None
    """Of each final word, by the audio's clock; ``None``: cannot be told."""


async def measure_accuracy(
    target: Target,
    recordings: Sequence[Recording],
    *,
    max_delay_ms: int,
    pacing: Pacing,
    at_once: int,
    whole: WholeUtterances | None,
    advance: Callable[[], None] = lambda: None,
) -> AccuracyReport:
    """Stream every recording and compare with its text.

    Args:
        target: Who hears them.
        recordings: What is played.
        max_delay_ms: Longest wait of a word for its final.
        pacing: Where nothing else is measured there is no need for real time.
        at_once: Recordings at a time.
        whole: Hears each of them in one piece as well.
        advance: Called when a recording is done.

    Raises:
        CrossfadeError: If a session failed: words that are missing are no measure of accuracy.
    """
    slots = asyncio.Semaphore(at_once)

    async def hear(recording: Recording) -> _Heard:
        async with slots:
            heard = await _hear(target, recording, max_delay_ms, pacing, whole)
            advance()
            return heard

    async with asyncio.TaskGroup() as tasks:
        hearing = [tasks.create_task(hear(recording)) for recording in recordings]
    heard = [task.result() for task in hearing]
    categories = sorted({recording.category for recording in recordings})
    return AccuracyReport(
        all=_scores(heard, max_delay_ms),
        categories={
            name: _scores([one for one in heard if one.recording.category == name], max_delay_ms)
            for name in categories
        },
        pacing=pacing,
        max_delay_ms=max_delay_ms,
        target=target.name,
        dialect=target.dialect,
    )


async def _hear(
    target: Target,
    recording: Recording,
    max_delay_ms: int,
    pacing: Pacing,
    whole: WholeUtterances | None,
) -> _Heard:
    samples = await asyncio.to_thread(recording.samples)
    stream = SpeechStream((Piece(recording, 0),), round(samples.size / 16))
    config = session_config(max_delay_ms=max_delay_ms, language=recording.language)
    (hearing,) = (await play(target, [stream], config, pacing)).hearings
    if hearing.failure is not None:
        raise CrossfadeError(f"{recording.id}: {hearing.failure}")
    text = None if whole is None else await asyncio.to_thread(whole.transcribe, samples)
    return _judge(recording, hearing, text, in_process=target.dialect is None)


def _judge(
    recording: Recording, hearing: Hearing, whole: str | None, *, in_process: bool
) -> _Heard:
    events = [arrival.event for arrival in hearing.arrivals]
    reference = [word.word for word in recording.words] or recording.text.split()
    return _Heard(
        recording,
        streamed=word_errors(recording.text, hearing.text),
        whole=None if whole is None else word_errors(recording.text, whole),
        matches=tuple(match(_words(events), reference)),
        waits_ms=tuple(waits_ms(events)) if in_process else None,
    )


def _words(events: Iterable[Event]) -> list[Word]:
    finals = (event for event in events if isinstance(event, Final))
    return [word for final in finals for word in final.words]


def _scores(heard: Sequence[_Heard], max_delay_ms: int) -> Scores:
    streamed = sum((one.streamed for one in heard), start=WordErrors())
    whole = [one.whole for one in heard if one.whole is not None]
    waits = [one.waits_ms for one in heard if one.waits_ms is not None]
    return Scores(
        recordings=len(heard),
        audio_s=round(sum(one.recording.duration_s for one in heard), 1),
        reference_words=streamed.reference_words,
        wer=round(streamed.rate, 4),
        wer_whole=round(sum(whole, start=WordErrors()).rate, 4) if whole else None,
        word_times=time_errors([pair for one in heard for pair in _timed(one)]),
        confidence=confidence_quality([match for one in heard for match in one.matches]),
        late_words=late_words(list(chain(*waits)), max_delay_ms=max_delay_ms) if waits else None,
    )


def _timed(heard: _Heard) -> list[tuple[Word, float, float]]:
    """Pair the right words with their times in the reference, if it has any."""
    spoken = heard.recording.words
    return [
        (match.word, spoken[match.reference].start, spoken[match.reference].end)
        for match in heard.matches
        if spoken and match.reference is not None
    ]
