"""The events of several connections, one after another, as those of one session.

Every connection counts audio, chunks and turns from its own beginning, and a connection that
replays audio says words that are known. Here they are put on the clock of the session, and what
was said before is left out. No socket, no clock.
"""

from collections import deque
from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct, structs

from crossfade.client.border import MAX_CONTEXT_MS, n_known, replay_from
from crossfade.model import (
    AudioAccepted,
    AudioIgnored,
    AudioLimitReached,
    ChannelEvent,
    Command,
    Declined,
    Event,
    Final,
    ForceTurn,
    Heartbeat,
    Partial,
    SessionEnded,
    SessionStarted,
    Silence,
    SpeakersIgnored,
    SpeakersKnown,
    SpeechStarted,
    TimeRunsOut,
    TurnEnded,
    VoiceStarted,
    VoiceStopped,
    Word,
)

_C = TypeVar("_C", bound=Command)

_KEPT_MS = 2 * MAX_CONTEXT_MS
_TURN_END_SLACK_MS = 300
"""A turn that ends this little before the last known word's end is taken to end behind it."""


class _Overlap(Struct):
    """Until the first new word of a connection: what is known of the audio that is replayed."""

    said: tuple[Word, ...]
    heard: tuple[Word, ...] = ()
    """Final words of this connection so far; all of them known."""


class Timeline:
    """Owned by the task that reads events."""

    def __init__(self) -> None:
        self.settled_ms = 0
        """Everything before this position is final."""
        self.accepted = 0
        """Chunks of the session that were acknowledged."""
        self._said: deque[Word] = deque()
        self._turn = 0
        self._turn_has_words = False
        self._open: Partial | None = None  # as it was told; no final came since
        self._base_ms = 0
        self._chunks_before = 0
        self._session_ms_before = 0
        self._turns_before = 0
        self._is_first = True
        self._overlap: _Overlap | None = None

    def replay_from_ms(self, *, is_paced: bool) -> int:
        """Where the next connection should begin, were this one lost now."""
        return replay_from(tuple(self._said), self.settled_ms, is_paced=is_paced)

    @property
    def turn(self) -> int:
        """The number of the open turn."""
        return self._turn

    def resume(self, *, at_ms: int, chunks_before: int, session_ms: int) -> None:
        """Take what follows for the events of a new connection.

        Args:
            at_ms: Position of its first sample in the session.
            chunks_before: Chunks of the session before that position.
            session_ms: How old the session is.
        """
        self._is_first = False
        self._open = None
        self._base_ms = at_ms
        self._chunks_before = chunks_before
        self._session_ms_before = session_ms
        self._turns_before = self._turn
        said = tuple(word for word in self._said if word.end_ms > at_ms)
        self._overlap = _Overlap(said=said)

    def keep_promise(self) -> list[Event]:
        """Make final what a connection that was lost had promised to stay, as written so far.

        The next one might hear other words there.
        """
        shown, self._open = self._open, None
        if shown is None or not shown.n_sure:
            return []
        promised, rest = shown.words[: shown.n_sure], shown.words[shown.n_sure :]
        self.settled_ms = max(self.settled_ms, promised[-1].end_ms)
        self._remember(promised)
        return [
            Final(turn=shown.turn, words=promised, through_ms=self.settled_ms),
            Partial(turn=shown.turn, words=rest, through_ms=shown.through_ms),
        ]

    def there(self, command: _C) -> _C:
        """Return a command of the session as the connection has to hear it."""
        if isinstance(command, ForceTurn) and command.at_ms is not None:
            return structs.replace(command, at_ms=max(0, command.at_ms - self._base_ms))
        return command

    def take(self, event: Event) -> list[Event]:
        """Return what an event means for the session: mostly one event, or none."""
        match event:
            case Final():
                return self._final(event)
            case Partial():
                return self._partial(event)
            case TurnEnded():
                return self._turn_ended(event)
            case SpeechStarted():
                return self._speech_started(event)
            case VoiceStarted() | VoiceStopped():
                return self._voice(event)
            case Silence():
                return self._silence(event)
            case AudioAccepted(number=number):
                return self._audio_accepted(number + self._chunks_before)
            case SessionStarted():
                return [event] if self._is_first else []
            case SessionEnded() | Heartbeat():
                return [self._later(event)]
            case (
                AudioIgnored()
                | SpeakersKnown()
                | SpeakersIgnored()
                | TimeRunsOut()
                | AudioLimitReached()
                | Declined()
                | ChannelEvent()
            ):
                return [event]

    def _final(self, event: Final) -> list[Event]:
        self._open = None
        words = self._fresh(self._shifted(event.words), final=True)
        through_ms = event.through_ms + self._base_ms
        is_repeated = self._overlap is not None and not words
        self.settled_ms = max(self.settled_ms, through_ms)
        if is_repeated and not event.forced:
            return []
        self._remember(words)
        turn = event.turn + self._turns_before
        return [Final(turn=turn, words=words, through_ms=self.settled_ms, forced=event.forced)]

    def _partial(self, event: Partial) -> list[Event]:
        through_ms = event.through_ms + self._base_ms
        if self._overlap is not None and through_ms < self._border_ms:
            return []
        words = self._fresh(self._shifted(event.words), final=False)
        turn = event.turn + self._turns_before
        n_sure = max(0, event.n_sure - (len(event.words) - len(words)))
        self._open = structs.replace(
            event, turn=turn, words=words, through_ms=through_ms, n_sure=n_sure
        )
        return [self._open]

    def _turn_ended(self, event: TurnEnded) -> list[Event]:
        at_ms = event.at_ms + self._base_ms
        if self._overlap is not None and not event.forced and not self._ends_open_turn(at_ms):
            self._turns_before -= 1  # it was ended before, or need not have been
            return []
        turn = event.turn + self._turns_before
        self._turn, self._turn_has_words = turn + 1, False
        return [structs.replace(event, turn=turn, at_ms=at_ms)]

    def _ends_open_turn(self, at_ms: int) -> bool:
        return self._turn_has_words and at_ms >= self._border_ms - _TURN_END_SLACK_MS

    def _speech_started(self, event: SpeechStarted) -> list[Event]:
        at_ms = event.at_ms + self._base_ms
        if self._overlap is not None and at_ms < self._border_ms:
            return []
        return [structs.replace(event, turn=event.turn + self._turns_before, at_ms=at_ms)]

    def _voice(self, event: VoiceStarted | VoiceStopped) -> list[Event]:
        at_ms = event.at_ms + self._base_ms
        if self._overlap is not None and at_ms < self._border_ms:
            return []
        return [structs.replace(event, at_ms=at_ms)]

    def _silence(self, event: Silence) -> list[Event]:
        start_ms = max(event.start_ms + self._base_ms, self._border_ms)
        end_ms = event.end_ms + self._base_ms
        if self._overlap is not None:
            start_ms = max(start_ms, self.settled_ms)
        self.settled_ms = max(self.settled_ms, end_ms)
        return [Silence(start_ms=start_ms, end_ms=end_ms)] if start_ms < end_ms else []

    def _audio_accepted(self, number: int) -> list[Event]:
        if number <= self.accepted:
            return []
        self.accepted = number
        return [AudioAccepted(number=number)]

    def _later(self, event: SessionEnded | Heartbeat) -> SessionEnded | Heartbeat:
        return structs.replace(
            event,
            audio_ms=event.audio_ms + self._base_ms,
            session_ms=event.session_ms + self._session_ms_before,
        )

    @property
    def _border_ms(self) -> int:
        return self._said[-1].end_ms if self._said else 0

    def _shifted(self, words: Sequence[Word]) -> tuple[Word, ...]:
        if not self._base_ms:
            return tuple(words)
        return tuple(
            structs.replace(
                word, start_ms=word.start_ms + self._base_ms, end_ms=word.end_ms + self._base_ms
            )
            for word in words
        )

    def _fresh(self, words: tuple[Word, ...], *, final: bool) -> tuple[Word, ...]:
        """Leave out the words that were said before."""
        overlap = self._overlap
        if overlap is None:
            return words
        heard = overlap.heard + words
        n_old = n_known(overlap.said, heard, border_ms=self._border_ms) - len(overlap.heard)
        fresh = self._behind_border(words[max(n_old, 0) :])
        if final and fresh:
            self._overlap = None
        elif final:
            overlap.heard = heard
        return fresh

    def _behind_border(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """Keep new words from beginning in what is settled: times move a little each time."""
        at_ms = max(self._border_ms, self.settled_ms)
        behind = []
        for word in words:
            if word.start_ms >= at_ms:
                behind.append(word)
                continue
            end_ms = max(word.end_ms, at_ms + 1)
            behind.append(structs.replace(word, start_ms=at_ms, end_ms=end_ms))
            at_ms = end_ms
        return tuple(behind)

    def _remember(self, words: Sequence[Word]) -> None:
        self._said.extend(words)
        self._turn_has_words |= bool(words)
        while self._said and self._said[0].end_ms < self._border_ms - _KEPT_MS:
            self._said.popleft()
