"""Audio whose samples say where they are, and a recognizer that can read it.

So a server that starts anew in the middle of a recording knows what is said there, which a plain
script could not. Like a model it does worse where it lacks context: a word that the beginning of
the stream cuts is half a word, the first second is misheard, and times move a little from stream
to stream.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from random import Random

import numpy as np
from msgspec.structs import replace

from crossfade.model import Audio, SessionConfig, StreamEvent, Word
from crossfade.recognizers.base import RecognizerStream, StreamCommand
from crossfade.recognizers.scripted import ScriptedRecognizer

_SAMPLES_PER_MS = 16
_DIGIT = 0x7FFF
_MISHEARD_MS = 1000
_JITTER_MS = 70
_SYLLABLES = ("ba", "do", "ki", "lu", "me", "no", "ra", "si", "tu", "ve")


def legible_audio(n_ms: int) -> bytes:
    """16-bit samples at 16 kHz; the first two of each millisecond are its number."""
    numbers = np.arange(n_ms)
    samples = np.zeros((n_ms, _SAMPLES_PER_MS), np.int16)
    samples[:, 0] = numbers & _DIGIT
    samples[:, 1] = numbers >> 15
    return samples.tobytes()


def babble(n_ms: int, *, seed: int = 7) -> list[Word]:
    """Words of all lengths, one against the other or after pauses, some of them twice in a row."""
    random = Random(seed)
    words: list[Word] = []
    now_ms = 400
    while now_ms < n_ms - 2000:
        text = "".join(random.choices(_SYLLABLES, k=random.randint(1, 4)))
        if words and random.random() < 0.1:
            text = words[-1].text
        length_ms = 90 * len(text) // 2 + random.randint(0, 80)
        ends = random.random()
        mark = "." if ends < 0.12 else "," if ends < 0.2 else ""
        words.append(
            Word(
                text=text,
                start_ms=now_ms,
                end_ms=now_ms + length_ms,
                confidence=1.0,
                punctuation=mark,
            )
        )
        now_ms += length_ms + random.choice([0, 0, 40, 120, 1200 if mark == "." else 200])
    return words


class LegibleRecognizer(ScriptedRecognizer):
    """Says the part of the script that belongs to the audio it is given."""

    def open(self, config: SessionConfig) -> RecognizerStream:
        return _LegibleStream(self._script, config)


class _LegibleStream:
    def __init__(self, script: Sequence[Word], config: SessionConfig) -> None:
        self._script = script
        self._config = config
        self._inner: RecognizerStream | None = None
        self._has_begun = asyncio.Event()

    @property
    def audio_ms(self) -> int:
        return self._inner.audio_ms if self._inner else 0

    @property
    def processing_s(self) -> float:
        return 0.0

    async def feed(self, command: StreamCommand) -> None:
        await self._begun_by(command).feed(command)

    async def events(self) -> AsyncIterator[StreamEvent]:
        await self._has_begun.wait()
        assert self._inner is not None
        async for event in self._inner.events():
            yield event

    def speech_peak(self) -> float:
        return 1.0

    async def aclose(self) -> None:
        if self._inner is not None:
            await self._inner.aclose()

    def _begun_by(self, command: StreamCommand) -> RecognizerStream:
        if self._inner is None:
            start_ms = _read_ms(command.data) if isinstance(command, Audio) else 0
            script = list(heard_from(self._script, start_ms))
            self._inner = ScriptedRecognizer(script).open(self._config)
            self._has_begun.set()
        return self._inner


def _read_ms(data: bytes) -> int:
    low, high = np.frombuffer(data[:4], np.int16)
    return int(low) + (int(high) << 15)


def heard_from(script: Sequence[Word], start_ms: int):
    """The script as a recognizer hears it that knows nothing of what came before."""
    random = Random(start_ms)
    last_end_ms = 0
    for word in script:
        if word.end_ms <= start_ms:
            continue
        text = word.text
        if word.start_ms < start_ms:
            text = text[len(text) // 2 :]
        elif start_ms and word.start_ms < start_ms + _MISHEARD_MS:
            text = text[::-1]
        moved_ms = random.randint(-_JITTER_MS, _JITTER_MS) if start_ms else 0
        begin_ms = max(word.start_ms - start_ms + moved_ms, last_end_ms)
        last_end_ms = max(word.end_ms - start_ms + moved_ms, begin_ms + 20)
        yield replace(word, text=text, start_ms=begin_ms, end_ms=last_end_ms)
