"""Who speaks when, in one stream: windows of speech in, their voices back in, labels out.

Pure in audio time. Hearing only keeps the newest samples and cuts windows out of them; what
costs time, ``SpeakerWindow.run``, is for a worker thread. Nothing waits for anything: a label is
what is known at the moment when it is asked for. Knows nothing of words but their times.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crossfade.audio.pcm import Samples
from crossfade.model import Speaker
from crossfade.recognizers.onnx.speakers.encoder import Embedding, SpeakerEncoder
from crossfade.recognizers.onnx.speakers.voices import Voices

# Positions and lengths are counted in chunks: what the speech detector judges at once, 32 ms.
CHUNK_MS = 32

# Shares are of speech time with the right label, asked for 2 s after each word, in 24 simulated
# conversations of 2 to 4 speakers: 97.3 % as it stands. A region is speech between two pauses; with
# pauses of 0.29 s 96.8 %, of 0.38 s 96.5. Letting go of speech at 0.35 instead of 0.5 changes
# nothing there, and gains 1 point in joined turns with softer ends.
SPEECH_ON = 0.5
SPEECH_OFF = 0.35
PAUSE_CHUNKS = 7  # 0.22 s

WINDOW_CHUNKS = 50  # 1.6 s: what the network was trained on
STEP_CHUNKS = 25  # 0.8 s; at 1.2 s 95.0 %
EARLY_CHUNKS = 25
"""A first look at a region, replaced by the next one. Of words that are asked for 1 s after their
end 95.2 % are then right, instead of 87.7."""
SHORTEST_CHUNKS = 16  # 0.5 s; at 0.8 s 95.5 %
NEWS_CHUNKS = 10
"""A region's end is looked at too if more than this of it was in no window: 0.3 s."""

MOST_WAITING = 16
"""Windows that wait for a thread, 1.6 MB. Beyond it the oldest are passed over."""
MEMORY_CHUNKS = 60_000 // CHUNK_MS
"""How far back labels reach: words are settled long before."""
REACH_CHUNKS = 3_000 // CHUNK_MS
"""A word that no window covers is the nearest voice's, up to this distance."""


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerWindow:
    """A piece of speech whose voice is wanted."""

    encoder: SpeakerEncoder
    samples: Samples
    start: int
    end: int

    def run(self) -> Embedding:
        """Do the arithmetic. For a worker thread: some 6 ms; touches no stream's state."""
        return self.encoder.embed(self.samples)


@dataclass(slots=True)
class _Region:
    """Speech that no pause has ended yet."""

    start: int
    last_speech: int
    covered: int
    """Where its last window ended; ``start``: it has none."""

    @property
    def next_due(self) -> int:
        """Where the next window ends, if speech goes on until there."""
        if self.covered == self.start:
            return self.start + EARLY_CHUNKS
        return max(self.start + WINDOW_CHUNKS, self.covered + STEP_CHUNKS)

    @property
    def has_news(self) -> bool:
        """More was said than its windows show."""
        news = self.last_speech - self.covered
        return news > NEWS_CHUNKS or self.covered == self.start


@dataclass(frozen=True, slots=True)
class _Voice:
    """Whose voice one window held."""

    start: int
    end: int
    speaker: int

    def distance(self, at: float) -> float:
        """How far a position is outside of the window; 0.0: inside."""
        return max(self.start - at, at - self.end, 0.0)

    def off_centre(self, at: float) -> float:
        """How far a position is from the window's middle, where it knows best."""
        return abs(at - (self.start + self.end) / 2)


class SpeakerTracker:
    """What is known of the speakers of one stream. Belongs to one task; not thread-safe."""

    def __init__(
        self,
        encoder: SpeakerEncoder,
        *,
        max_speakers: int | None = None,
        sensitivity: float = 0.5,
        known: Sequence[Speaker] = (),
    ) -> None:
        """Start at position 0, knowing nobody.

        Args:
            encoder: Shared by all streams.
            max_speakers: When so many were found, every voice is one of theirs.
            sensitivity: 0.0 to 1.0; higher finds more speakers.
            known: Speakers to be called by their labels.
        """
        self._encoder = encoder
        self._voices = Voices(sensitivity=sensitivity, max_speakers=max_speakers, known=known)
        self._recent: deque[Samples] = deque(maxlen=WINDOW_CHUNKS + PAUSE_CHUNKS)
        self._waiting: deque[SpeakerWindow] = deque(maxlen=MOST_WAITING)
        self._known: deque[_Voice] = deque()
        self._region: _Region | None = None
        self._now = 0

    @property
    def n_speakers(self) -> int:
        """Speakers found so far, besides those that were known."""
        return self._voices.n_speakers

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Labels of known speakers of whom not every identifier was one of ours."""
        return self._voices.unreadable

    def heard(self) -> tuple[Speaker, ...]:
        """Who has spoken, and by what they can be known again."""
        return self._voices.heard()

    def hear(self, samples: Samples, speech_probability: float) -> None:
        """Take the next chunk of the stream, speech or not. Keeps it, or a little more.

        Args:
            samples: Shape (512,), 16 kHz; kept for 1.8 s, so nobody may write to it.
            speech_probability: What the speech detector says of it, 0.0 to 1.0.
        """
        self._now += 1
        self._recent.append(samples)
        region = self._region
        if speech_probability > (SPEECH_OFF if region else SPEECH_ON):
            if region is None:
                region = self._region = _Region(self._now - 1, self._now, self._now - 1)
            region.last_speech = self._now
            if self._now >= region.next_due:
                self._cut(region)
        elif region is not None and self._now - region.last_speech >= PAUSE_CHUNKS:
            self.flush()

    def flush(self) -> None:
        """End the region here, as a pause would: the audio is over, or a turn was forced to be."""
        if self._region is not None and self._region.has_news:
            self._cut(self._region)
        self._region = None

    def next_window(self) -> SpeakerWindow | None:
        """Hand over the oldest window that waits; ``None``: none does."""
        return self._waiting.popleft() if self._waiting else None

    def apply(self, window: SpeakerWindow, embedding: Embedding) -> None:
        """Take the voice of a window, in the order in which ``next_window`` gave them.

        A window whose ``run`` failed may be left out.
        """
        speaker = self._voices.assign(embedding, (window.end - window.start) * CHUNK_MS)
        if speaker is None:
            return
        if self._known and self._known[-1].start == window.start:  # it was the early look
            self._known.pop()
        self._known.append(_Voice(window.start, window.end, speaker))
        while self._known[0].end < self._now - MEMORY_CHUNKS:
            self._known.popleft()

    def label(self, start_ms: int, end_ms: int) -> str | None:
        """Say who spoke a word, by what is known now.

        Args:
            start_ms: Where the word begins, from the first sample that was heard.
            end_ms: Where it ends.

        Returns:
            The label of someone who was known before, or ``S1``, ``S2``, ... in order of first
            appearance; ``None``: unknown, as every new voice is until it has spoken for 1.2 s.
        """
        at = (start_ms + end_ms) / 2 / CHUNK_MS
        nearest = min(
            self._known, key=lambda voice: (voice.distance(at), voice.off_centre(at)), default=None
        )
        if nearest is None or nearest.distance(at) > REACH_CHUNKS:
            return None
        return self._voices.label(nearest.speaker)

    def _cut(self, region: _Region) -> None:
        """Cut out the window that ends with the last speech, unless it says too little."""
        end = region.covered = region.last_speech
        start = max(region.start, end - WINDOW_CHUNKS)
        if end - start >= SHORTEST_CHUNKS:
            heard = self._now - len(self._recent)
            chunks = list(self._recent)[start - heard : end - heard]
            self._waiting.append(SpeakerWindow(self._encoder, np.concatenate(chunks), start, end))
