"""``GetSpeakers`` and its answers, section 13.2 of the protocol reference.

Clients wait for answers, some without a time-out: each question has one, whatever the recognizer
did about it.
"""

from collections.abc import Iterable, Sequence

from crossfade.dialects.speechmatics.messages import Speaker, SpeakersResult
from crossfade.model import ReportSpeakers, SpeakersKnown
from crossfade.model import Speaker as KnownSpeaker


class SpeakerAnswers:
    """Questions that were asked, and what is owed for them."""

    def __init__(self) -> None:
        self._n_asked = 0
        self._owed_at_end = False
        self._latest = SpeakersResult(speakers=())

    def ask(self, *, at_end: bool) -> ReportSpeakers:
        """Note a question, and pass it on."""
        if at_end:
            self._owed_at_end = True
        else:
            self._n_asked += 1
        return ReportSpeakers(at_end=at_end)

    def tell(self, event: SpeakersKnown) -> Sequence[SpeakersResult]:
        """Answer one question; those about the end are answered there, together."""
        self._latest = SpeakersResult(speakers=tuple(_speakers(event.speakers)))
        if event.at_end or not self._n_asked:
            return []
        self._n_asked -= 1
        return [self._latest]

    def finish(self) -> Sequence[SpeakersResult]:
        """Answer what is still open, before the last message."""
        owed = self._n_asked + self._owed_at_end
        return [self._latest] * owed


def _speakers(known: Iterable[KnownSpeaker]) -> Iterable[Speaker]:
    """Whoever has no identifier cannot be shown: the message demands one."""
    for speaker in known:
        if speaker.identifiers:
            yield Speaker(label=speaker.label, speaker_identifiers=speaker.identifiers)
