"""LocalAgreement-2: a word is settled when two hypotheses in a row begin with it.

After Macháček, Dabre, Bojar: "Turning Whisper into Real-Time Transcription System" (2023), whose
program is the usual way to stream with Whisper.
"""

from collections.abc import Sequence
from itertools import takewhile

from crossfade.bench.lags import letters
from crossfade.bench.peers.wire import HeardWord

OVERLAP_S = 0.1
"""A word that begins this much before the end of what is settled is still a new one."""

LONGEST_REPEAT = 5
"""Settled words that a new hypothesis may begin with again, because its times moved a little."""


class LocalAgreement:
    """What is settled of one stream, and what one hypothesis says beyond it."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.settled: list[HeardWord] = []
        """All of them."""
        self.open: tuple[HeardWord, ...] = ()
        """What the newest hypothesis says beyond them."""

    def agree(self, hypothesis: Sequence[HeardWord]) -> tuple[HeardWord, ...]:
        """Take a hypothesis for all audio that is left; gives the words that it settles."""
        new = self._beyond(hypothesis)
        pairs = zip(self.open, new, strict=False)
        n_alike = sum(1 for _ in takewhile(_are_alike, pairs))
        settled, self.open = tuple(new[:n_alike]), tuple(new[n_alike:])
        self.settled += settled
        return settled

    def settle(self) -> tuple[HeardWord, ...]:
        """Settle everything: speech has ended."""
        settled, self.open = self.open, ()
        self.settled += settled
        return settled

    def _beyond(self, hypothesis: Sequence[HeardWord]) -> Sequence[HeardWord]:
        if not self.settled:
            return hypothesis
        until_s = self.settled[-1].end - OVERLAP_S
        new = [word for word in hypothesis if word.start >= until_s]
        for n in range(min(LONGEST_REPEAT, len(new), len(self.settled)), 0, -1):
            if all(map(_are_alike, zip(self.settled[-n:], new[:n], strict=True))):
                return new[n:]
        return new


def _are_alike(pair: tuple[HeardWord, HeardWord]) -> bool:
    one, other = pair
    return letters(one.text) == letters(other.text)
