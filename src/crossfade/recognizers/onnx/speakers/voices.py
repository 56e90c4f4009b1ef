"""Which voice is whose: embeddings gathered into speakers, one after the other.

Arithmetic only; knows no audio and no time but a window's length. What was said of a window is
never taken back: a label that went out with a word stays.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from crossfade.model import Speaker
from crossfade.recognizers.onnx.speakers.encoder import Embedding
from crossfade.recognizers.onnx.speakers.prints import read_print, write_print

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
    label: str
    n_windows: int = 1
    identifiers: tuple[str, ...] = ()
    """By which the client knows them already."""
    is_heard: bool = True

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

    def __init__(
        self,
        *,
        sensitivity: float = 0.5,
        max_speakers: int | None = None,
        known: Sequence[Speaker] = (),
    ) -> None:
        """Start without any that was heard.

        Args:
            sensitivity: 0.0 to 1.0; higher finds more speakers.
            max_speakers: When so many were found, every voice is one of theirs.
            known: Speakers to be called by their labels; they do not count as found.
        """
        self._threshold = STRANGER_BELOW + SENSITIVITY_SPAN * sensitivity
        self._most = min(max_speakers or MOST_SPEAKERS, MOST_SPEAKERS)
        prints = {speaker: [*_readable(speaker)] for speaker in known}
        self._speakers = [_enrolled(speaker, read) for speaker, read in prints.items() if read]
        self._n_enrolled = len(self._speakers)
        self.unreadable = tuple(
            speaker.label
            for speaker, read in prints.items()
            if len(read) < len(speaker.identifiers)
        )
        """Labels of speakers of whom not every identifier was one of ours."""

    @property
    def n_speakers(self) -> int:
        """Speakers found so far, besides those that were known."""
        return len(self._speakers) - self._n_enrolled

    def label(self, speaker: int) -> str:
        """What to call the speaker of this number."""
        return self._speakers[speaker].label

    def heard(self) -> tuple[Speaker, ...]:
        """Who has spoken, and by what they can be known again."""
        return tuple(
            Speaker(
                label=speaker.label,
                identifiers=speaker.identifiers or (write_print(_unit(speaker.total)),),
            )
            for speaker in self._speakers
            if speaker.is_heard
        )

    def assign(self, embedding: Embedding, n_ms: int) -> int | None:
        """Say whose voice it is.

        Args:
            embedding: Of one window.
            n_ms: The window's length.

        Returns:
            The speaker's number, from 0: those who were known first, then in order of
            appearance; ``None``: cannot be told.
        """
        speaker = self._assign(embedding, n_ms)
        if speaker is not None:
            self._speakers[speaker].is_heard = True
        return speaker

    def _assign(self, embedding: Embedding, n_ms: int) -> int | None:
        cosines = [speaker.cosine(embedding) for speaker in self._speakers]
        nearest = int(np.argmax(cosines)) if cosines else None
        if n_ms < TEACHING_MS:
            return nearest if nearest is not None and cosines[nearest] >= SHORT_THRESHOLD else None
        is_stranger = nearest is None or (
            cosines[nearest] < self._threshold - self._speakers[nearest].slack()
        )
        if is_stranger and n_ms >= FOUNDING_MS and self.n_speakers < self._most:
            self._speakers.append(_Speaker(embedding, label=f"S{self.n_speakers + 1}"))
            return len(self._speakers) - 1
        if nearest is not None:
            self._speakers[nearest].learn(embedding)
        return nearest


def _readable(speaker: Speaker) -> Iterator[Embedding]:
    for identifier in speaker.identifiers:
        voice = read_print(identifier)
        if voice is not None:
            yield voice


def _enrolled(speaker: Speaker, prints: Sequence[Embedding]) -> _Speaker:
    """Someone of whom there is a good picture already, as of a voice heard for a while."""
    return _Speaker(
        total=np.mean(prints, axis=0) * KNOWN_WINDOWS,
        label=speaker.label,
        n_windows=KNOWN_WINDOWS,
        identifiers=speaker.identifiers,
        is_heard=False,
    )


def _unit(total: Embedding) -> Embedding:
    return np.asarray(total / np.linalg.norm(total), np.float32)
