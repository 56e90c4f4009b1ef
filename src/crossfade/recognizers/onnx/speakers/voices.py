"""Which voice is whose: embeddings gathered into speakers, one after the other.

Arithmetic only; knows no audio and no time but a window's length. What was said of a window is
never taken back: a label that went out with a word stays.
"""

from dataclasses import dataclass

import numpy as np

from crossfade.recognizers.onnx.speakers.encoder import Embedding

# Share of speech time with the right label, over 48 simulated conversations of 2 to 4 speakers
# that were not looked at before: 96.8 % with these figures. A threshold that does not wait for a
# voice to be known: 95.0 at 0.65, and both 0.60 and 0.70 are worse. Joining speakers that turn
# out to resemble each other, instead or as well: nothing gained.
STRANGER_BELOW = 0.60
"""A voice that resembles no known one by more than this cosine is new, at sensitivity 0 ..."""
SENSITIVITY_SPAN = 0.20
"""... and this much higher at sensitivity 1: 0.70 for the default of 0.5."""
NEWCOMER_SLACK = 0.10
"""Of a speaker of whom there is one window only, less is asked: it is a poor picture of them."""
KNOWN_WINDOWS = 5
"""From here on the picture is good, and nothing less is asked."""

FOUNDING_MS = 1200
"""Only a window of this length makes a new speaker."""
TEACHING_MS = 1000
"""A shorter one says too little: it moves nothing, and has to resemble a speaker less."""
SHORT_THRESHOLD = 0.5

MOST_SPEAKERS = 50
"""However many are asked for: what a stream remembers has a bound."""


@dataclass(slots=True)
class _Speaker:
    """The middle of all windows that were theirs, before it is scaled to length 1."""

    total: Embedding
    n_windows: int = 1

    def cosine(self, embedding: Embedding) -> float:
        return float(self.total @ embedding / np.linalg.norm(self.total))

    def slack(self) -> float:
        """How much less has to be asked of a voice to be theirs."""
        n_lacking = max(KNOWN_WINDOWS - self.n_windows, 0)
        return NEWCOMER_SLACK * n_lacking / (KNOWN_WINDOWS - 1)

    def learn(self, embedding: Embedding) -> None:
        self.total = self.total + embedding
        self.n_windows += 1


class Voices:
    """The speakers of one stream so far."""

    def __init__(self, *, sensitivity: float = 0.5, max_speakers: int | None = None) -> None:
        """Start without any.

        Args:
            sensitivity: 0.0 to 1.0; higher finds more speakers.
            max_speakers: When so many were found, every voice is one of theirs.
        """
        self._threshold = STRANGER_BELOW + SENSITIVITY_SPAN * sensitivity
        self._most = min(max_speakers or MOST_SPEAKERS, MOST_SPEAKERS)
        self._speakers: list[_Speaker] = []

    @property
    def n_speakers(self) -> int:
        """Speakers found so far."""
        return len(self._speakers)

    def assign(self, embedding: Embedding, n_ms: int) -> int | None:
        """Say whose voice it is.

        Args:
            embedding: Of one window.
            n_ms: The window's length.

        Returns:
            The speaker's number, from 0 in order of appearance; ``None``: cannot be told.
        """
        cosines = [speaker.cosine(embedding) for speaker in self._speakers]
        nearest = int(np.argmax(cosines)) if cosines else None
        if n_ms < TEACHING_MS:
            return nearest if nearest is not None and cosines[nearest] >= SHORT_THRESHOLD else None
        is_stranger = nearest is None or (
            cosines[nearest] < self._threshold - self._speakers[nearest].slack()
        )
        if is_stranger and n_ms >= FOUNDING_MS and self.n_speakers < self._most:
            self._speakers.append(_Speaker(embedding))
            return self.n_speakers - 1
        if nearest is not None:
            self._speakers[nearest].learn(embedding)
        return nearest
