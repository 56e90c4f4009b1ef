"""What long sessions do to a recognizer: cost, memory, word times; and words made of noise.

In this process and as fast as it goes: positions are those of the audio, so an hour takes
minutes, and what is due when is the same as in real time.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from msgspec import Struct

from crossfade.audio import SAMPLE_RATE_HZ, Samples, encode
from crossfade.bench.full_speed import BLOCK_BYTES, Advance, Heard, Mark, hear
from crossfade.bench.matching import match
from crossfade.bench.material import SEED
from crossfade.bench.noises import SYNTHETIC, quiet_parts
from crossfade.bench.playing import session_config
from crossfade.bench.recordings import Recording
from crossfade.bench.unbroken import UnbrokenSpeech
from crossfade.model import Encoding, SessionConfig, Word
from crossfade.recognizers.base import Recognizer
from crossfade.scoring import WordErrors, word_errors

COST_DEVIATION = 0.10
"""Cost of a window over the mean of all, at most."""

GROWTH_MB = 20.0
"""From the first window's end to the last's: the runtime's arenas keep their peak, and meet it
late. Something that grew with the audio would show a multiple of this in half an hour."""

DRIFT_MS = 30.0
"""Between the typical error of word times in any two windows; a VAD window is 32 ms."""


class SpeechWindow(Struct, frozen=True, kw_only=True):
    """A stretch of a long session."""

    until_s: float
    cpu_ms_per_s: float
    """CPU time for each second of audio, everything included."""
    resident_mb: float | None
    """Of the whole process, at the window's end; ``None``: the system does not tell."""
    words: int
    """Right ones."""
    time_error_ms: float | None
    """The typical (median) error of their start times, with its sign: a drift would show."""


class LongSpeech(Struct, frozen=True, kw_only=True):
    """Unbroken speech, window by window."""

    seconds: float
    windows: tuple[SpeechWindow, ...]
    cpu_ms_per_s: float
    wer: float
    cost_deviation: float
    """Of the window that is furthest from the mean, over the mean."""
    growth_mb: float | None
    drift_ms: float | None
    """Between the windows with the smallest and the largest ``time_error_ms``."""


class Noise(Struct, frozen=True, kw_only=True):
    """One kind of sound without speech."""

    kind: str
    seconds: float
    words: int
    cpu_ms_per_s: float


class LongReport(Struct, frozen=True, kw_only=True):
    """Of everything."""

    speech: LongSpeech
    noises: tuple[Noise, ...]
    false_words: int
    limits_broken: tuple[str, ...]
    max_delay_ms: int
    target: str


async def measure_endurance(
    recognizer: Recognizer,
    recordings: Sequence[Recording],
    *,
    speech_s: float,
    window_s: float,
    noise_s: float,
    max_delay_ms: int,
    advance: Advance = lambda _seconds: None,
) -> LongReport:
    """Let a recognizer hear unbroken speech, then every kind of noise.

    Args:
        recognizer: Started.
        recordings: What speech and quiet parts are made of.
        speech_s: Length of the speech.
        window_s: Its parts, to be compared with each other.
        noise_s: Length of all noises together.
        max_delay_ms: As the sessions ask for it.
        advance: Told how far it is.

    Raises:
        CrossfadeError: If a session failed, or the recordings are of no use.
    """
    speech = UnbrokenSpeech(recordings, seconds=speech_s)
    config = session_config(max_delay_ms=max_delay_ms)
    heard = await hear(
        recognizer, config, speech.blocks(BLOCK_BYTES), window_s=window_s, advance=advance
    )
    long_speech = _judge(speech, heard)
    kinds = _noises(recordings)
    noises = [
        await _hear_noise(recognizer, config, kind, pieces, noise_s / len(kinds), advance)
        for kind, pieces in kinds.items()
    ]
    return LongReport(
        speech=long_speech,
        noises=tuple(noises),
        false_words=sum(noise.words for noise in noises),
        limits_broken=limits_broken(long_speech, noises),
        max_delay_ms=max_delay_ms,
        target=recognizer.info.name,
    )


def limits_broken(speech: LongSpeech, noises: Sequence[Noise]) -> tuple[str, ...]:
    """Say in words what is not as it should be."""
    checks = [
        (
            speech.cost_deviation > COST_DEVIATION,
            f"the cost is not constant within {100 * COST_DEVIATION:.0f} %",
        ),
        (
            speech.growth_mb is not None and speech.growth_mb > GROWTH_MB,
            f"memory grew by over {GROWTH_MB:g} MB",
        ),
        (
            speech.drift_ms is not None and speech.drift_ms > DRIFT_MS,
            f"word times drifted by over {DRIFT_MS:g} ms",
        ),
        *((noise.words > 0, f"{noise.words} words in {noise.kind}") for noise in noises),
    ]
    return tuple(words for is_broken, words in checks if is_broken)


def _judge(speech: UnbrokenSpeech, heard: Heard) -> LongSpeech:
    errors_ms = _start_errors_ms(speech, heard.words)
    windows = tuple(
        _window(before, mark, errors_ms) for before, mark in itertools.pairwise(heard.marks)
    )
    costs = [window.cpu_ms_per_s for window in windows]
    mean = float(np.mean(costs))
    memory = [window.resident_mb for window in windows if window.resident_mb is not None]
    errors = [window.time_error_ms for window in windows if window.time_error_ms is not None]
    return LongSpeech(
        seconds=round(speech.seconds, 1),
        windows=windows,
        cpu_ms_per_s=round(mean, 2),
        wer=round(_errors(speech, heard.words).rate, 4),
        cost_deviation=round(max(abs(cost - mean) for cost in costs) / mean, 4),
        growth_mb=round(memory[-1] - memory[0], 1) if memory else None,
        drift_ms=round(max(errors) - min(errors), 1) if errors else None,
    )


def _window(before: Mark, mark: Mark, errors_ms: Sequence[tuple[float, float]]) -> SpeechWindow:
    within = [error for at_s, error in errors_ms if before.audio_s <= at_s < mark.audio_s]
    return SpeechWindow(
        until_s=round(mark.audio_s, 1),
        cpu_ms_per_s=round(1000 * (mark.cpu_s - before.cpu_s) / (mark.audio_s - before.audio_s), 2),
        resident_mb=mark.resident_mb,
        words=len(within),
        time_error_ms=round(float(np.median(within)), 1) if within else None,
    )


def _start_errors_ms(speech: UnbrokenSpeech, words: Sequence[Word]) -> list[tuple[float, float]]:
    """Give each right word's place in seconds, and how much too late it was said to start."""
    matches = match(words, [word.word for word in speech.words])
    errors: list[tuple[float, float]] = []
    for found in matches:
        if found.reference is not None:
            start_s = speech.words[found.reference].start
            errors.append((start_s, found.word.start_ms - 1000 * start_s))
    return errors


def _errors(speech: UnbrokenSpeech, words: Sequence[Word]) -> WordErrors:
    return word_errors(
        " ".join(word.word for word in speech.words), " ".join(word.text for word in words)
    )


_Pieces = Callable[[], Iterator[Samples]]


def _noises(recordings: Sequence[Recording]) -> dict[str, _Pieces]:
    """Endless sounds by name; the quiet parts only if the recordings have any."""
    kinds: dict[str, _Pieces] = {name: _endless(name) for name in SYNTHETIC}
    if parts := quiet_parts(recordings):
        kinds["quiet parts"] = lambda: itertools.cycle(parts)
    return kinds


def _endless(name: str) -> _Pieces:
    def pieces() -> Iterator[Samples]:
        chance = np.random.default_rng(SEED)
        while True:
            yield SYNTHETIC[name](chance)

    return pieces


async def _hear_noise(
    recognizer: Recognizer,
    config: SessionConfig,
    kind: str,
    pieces: _Pieces,
    seconds: float,
    advance: Advance,
) -> Noise:
    blocks = _blocks(pieces(), seconds)
    heard = await hear(recognizer, config, blocks, window_s=seconds, advance=advance)
    first, last = heard.marks[0], heard.marks[-1]
    return Noise(
        kind=kind,
        seconds=round(seconds, 1),
        words=len(heard.words),
        cpu_ms_per_s=round(1000 * (last.cpu_s - first.cpu_s) / seconds, 2),
    )


def _blocks(pieces: Iterator[Samples], seconds: float) -> Iterator[bytes]:
    left = int(seconds * SAMPLE_RATE_HZ)
    for piece in pieces:
        taken = piece[:left]
        left -= taken.size
        data = encode(taken, Encoding.PCM_S16LE)
        for start in range(0, len(data), BLOCK_BYTES):
            yield data[start : start + BLOCK_BYTES]
        if left <= 0:
            return
