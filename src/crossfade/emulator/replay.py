"""From what a client asks to what is due when: by a recorded session.

The recording says what the client had sent when the server said something: as much audio, as many
commands, its end. When this client has sent as much, that is said again. So a client that cuts its
audio otherwise gets the same words, and one that ends sooner gets all of them then.
"""

from collections.abc import Iterable, Iterator

from crossfade.dialects.base import Goodbye
from crossfade.emulator.agenda import Due, Recorded
from crossfade.emulator.bundle import Bundle, Moment, is_control
from crossfade.errors import ProtocolError
from crossfade.model import (
    Audio,
    AudioAccepted,
    ChannelEvent,
    Command,
    Decline,
    Declined,
    Finish,
    InChannel,
    SessionConfig,
    SessionEnded,
    SessionStarted,
    Start,
)
from crossfade.recognizers.scripted import bytes_per_ms

_ROUNDING_MS = 0.5


class BundlePerformance:
    """Says again what a server once said."""

    def __init__(self, bundle: Bundle, config: SessionConfig, *, dialect: str) -> None:
        """Stand at the beginning.

        Args:
            bundle: The recorded session.
            config: What this client asked for.
            dialect: What it speaks; if it is not what was recorded, the events are put into its
                words.
        """
        is_same = dialect == bundle.dialect
        self._moments = bundle.wire if is_same else bundle.events
        self._n_said = 0
        self._acknowledges = bundle.acknowledges or not is_same
        self._bytes_per_ms = bytes_per_ms(config)
        self._audio_ms = 0.0
        self._n_commands = 0
        self._n_chunks: dict[str | None, int] = {}
        self.now_ms = 0.0
        """Time of the newest thing said, since the recorded session began."""
        self.is_over = False

    def begin(self, started: SessionStarted) -> Iterator[Due]:
        """What was said before there was any audio; the ids and times are the recording's."""
        if not self._moments:  # nothing is known but that there was a session
            yield Due(at_ms=0, what=started)
        yield from self._opened()

    def hear(self, command: Command) -> Iterator[Due]:
        """See ``Performance.hear``."""
        if isinstance(command, Start):
            raise ProtocolError("the session has started already")
        self._n_commands += is_control(command)
        self._audio_ms += self.length_ms(command)
        match command:
            case Audio():
                yield from self._acknowledge(None)
            case InChannel(channel=channel, command=Audio()):
                yield from self._acknowledge(channel)
            case Decline(why=why):
                yield Due(at_ms=self.now_ms, what=Declined(why=why))
            case Finish():
                self.is_over = True
        yield from self._opened()
        if self.is_over and not any(map(_ends, self._moments)):
            yield from self._end()

    def position_of_word(self, number: int) -> float | None:
        """See ``Performance.position_of_word``."""
        return next((each.at_ms for each in self._moments if each.n_words >= number), None)

    def length_ms(self, command: Command) -> float:
        """See ``Performance.length_ms``."""
        audio = command.command if isinstance(command, InChannel) else command
        return len(audio.data) / self._bytes_per_ms if isinstance(audio, Audio) else 0.0

    def _acknowledge(self, channel: str | None) -> Iterable[Due]:
        if not self._acknowledges:
            return []
        number = self._n_chunks[channel] = self._n_chunks.get(channel, 0) + 1
        accepted = AudioAccepted(number=number)
        what = accepted if channel is None else ChannelEvent(channel=channel, event=accepted)
        return [Due(at_ms=self.now_ms, what=what)]

    def _opened(self) -> Iterator[Due]:
        """Everything that waits for no more than what the client has sent."""
        while self._n_said < len(self._moments):
            moment = self._moments[self._n_said]
            if not self._is_open(moment):
                return
            self._n_said += 1
            self.now_ms = max(self.now_ms, moment.at_ms)
            yield Due(at_ms=moment.at_ms, what=moment.what)

    def _is_open(self, moment: Moment) -> bool:
        return self.is_over or (
            not moment.is_finished
            and moment.n_commands <= self._n_commands
            and moment.audio_ms <= self._audio_ms + _ROUNDING_MS
        )

    def _end(self) -> Iterator[Due]:
        """Close a session whose recording does not show how it was closed."""
        yield Due(
            at_ms=self.now_ms,
            what=SessionEnded(audio_ms=int(self._audio_ms), session_ms=int(self._audio_ms)),
        )


def _ends(moment: Moment) -> bool:
    what = moment.what.said if isinstance(moment.what, Recorded) else moment.what
    return isinstance(what, Goodbye | SessionEnded)
