"""Questions about speakers: each gets one answer, empty where the far side gives none."""

from crossfade.model import ReportSpeakers, SpeakersKnown


class SpeakerQuestions:
    """Counts what was asked and what was answered. Owned by one stream."""

    def __init__(self) -> None:
        self.are_wanted_at_end = False
        self._n_unanswered = 0
        self._at_end = SpeakersKnown(speakers=(), at_end=True)

    def ask(self, command: ReportSpeakers) -> None:
        """Note a question."""
        if command.at_end:
            self.are_wanted_at_end = True
        else:
            self._n_unanswered += 1

    def hear(self, answer: SpeakersKnown) -> list[SpeakersKnown]:
        """Take an answer; returns what is to be told of it now. That about the end waits for it."""
        if answer.at_end:
            self._at_end = answer
            return []
        self._n_unanswered -= self._n_unanswered > 0
        return [answer]

    def answers(self) -> list[SpeakersKnown]:
        """Answer what nobody else will."""
        n_left, self._n_unanswered = self._n_unanswered, 0
        return [SpeakersKnown(speakers=())] * n_left

    def answers_at_end(self) -> list[SpeakersKnown]:
        """The same once the last word was said, the question about the end included."""
        left = self.answers()
        if self.are_wanted_at_end:
            left.append(self._at_end)
        return left
