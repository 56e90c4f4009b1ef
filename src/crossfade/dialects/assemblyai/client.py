"""The client's end: everything asked for in the URL, words taken from turns.

**When a word is final.** The canonical model wants words as they are to be shown, so formatted
turns are asked for, and a word is final with the formatted end of its turn; until then it is part
of a partial. A server that ignores the wish says nothing more about the turn, and then the raw end
counts. Only where the user's own URL says ``format_turns=false`` are words final as soon as the
server calls them so. Universal-3 models end each turn once, formatted: the same rule.
"""

from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from crossfade.dialects.assemblyai import messages
from crossfade.dialects.assemblyai.decoding import decode, heartbeat_event, session_ended, word
from crossfade.dialects.assemblyai.errors import complaint, retry_after_s
from crossfade.dialects.assemblyai.shortfalls import FORCE, lost_changes, shortfalls
from crossfade.dialects.assemblyai.tokens import token_from, token_request
from crossfade.dialects.assemblyai.wishes import possible_audio, query, update
from crossfade.dialects.base import (
    AudioRules,
    ClientRequest,
    Frame,
    HttpResponse,
    TokenRequest,
)
from crossfade.errors import CrossfadeError
from crossfade.model import (
    Audio,
    Command,
    Decline,
    Event,
    Final,
    Finish,
    ForceTurn,
    InChannel,
    KeepAlive,
    Partial,
    Reconfigure,
    ReportSpeakers,
    SessionConfig,
    SessionStarted,
    Silence,
    SpeechStarted,
    Start,
    TurnEnded,
)

PATH = "/v3/ws"

_MAX_SESSION_S = 10_800
_MAX_ERROR_CHARS = 200
_MAX_NOTES = 50


class AssemblyAIClient:
    """Connecting until ``Begin``, then listening until ``Termination``."""

    def __init__(self) -> None:
        self._config: SessionConfig | None = None
        self._notes: tuple[str, ...] = ()
        self._formatting_wanted = False
        self._begun = False
        self._terminated = False
        self._turn = 0
        self._n_final = 0  # words of this turn that were reported as final
        self._settled_ms = 0
        self._through_ms = 0
        self._raw_end: messages.Turn | None = None  # its formatted twin is awaited

    def request(self, url: str, *, key: str | None, config: SessionConfig) -> ClientRequest:
        """Put the whole configuration into the query.

        Parameters that the user wrote into ``url`` stay as they are.

        Raises:
            ConfigError: If the language, the audio format, or the number or length of the key
                terms is beyond this protocol.
        """
        parts = urlsplit(url)
        path = parts.path if parts.path.strip("/") else PATH
        parameters = query(config) | dict(parse_qsl(parts.query, keep_blank_values=True))
        self._config = config
        self._notes = shortfalls(config)
        self._formatting_wanted = parameters.get("format_turns", "").lower() == "true"
        headers = {} if key is None else {"Authorization": key}
        address = urlunsplit((parts.scheme, parts.netloc, path, urlencode(parameters), ""))
        return ClientRequest(url=address, headers=headers)

    @property
    def notes(self) -> tuple[str, ...]:
        """What this protocol cannot say of what was asked for, and what the server warned of."""
        return self._notes

    def audio_rules(self) -> AudioRules:
        """Frames of 50 to 1000 ms, in real time."""
        return AudioRules(min_chunk_ms=50, max_chunk_ms=1000, chunk_ms=50, paced=True)

    def audio_format(self, wanted: SessionConfig) -> SessionConfig:
        """Choose 16-bit PCM for everything that this protocol has no name for."""
        return msgspec.structs.replace(wanted, audio=possible_audio(wanted.audio))

    def open(self) -> list[Frame]:
        """Nothing: all was said in the URL."""
        return []

    @property
    def ready(self) -> bool:
        """``True`` once the server has begun: before that it may still refuse."""
        return self._begun

    def send(self, command: Command) -> list[Frame]:
        """Turn one command into frames.

        Raises:
            ConfigError: If new key terms are beyond this protocol.
        """
        match command:
            case Start() | ReportSpeakers() | InChannel() | Decline():
                return []
            case Audio(data=data):
                return [data]
            case ForceTurn(at_ms=at_ms):
                self._note(*([] if at_ms is None else [FORCE]))
                return [messages.encode(messages.ForceEndpoint())]
            case KeepAlive():
                return [messages.encode(messages.KeepAlive())]
            case Finish():
                return [messages.encode(messages.Terminate())]
            case Reconfigure():
                self._note(*lost_changes(self._asked, command))
                return [messages.encode(change) for change in update(command)]

    def receive(self, frame: Frame) -> list[Event]:
        """Turn one frame into events; messages that we did not ask for are passed over.

        Raises:
            UpstreamError: If it is an error message.
            ProtocolError: If it is not of this protocol.
        """
        match decode(frame):
            case None:
                return []
            case messages.Begin() as begin:
                self._begun = True
                return [self._session_started(begin)]
            case messages.SpeechStarted(timestamp=at_ms, confidence=confidence):
                settled = self._settle_raw_end()
                started = SpeechStarted(turn=self._turn, at_ms=at_ms, confidence=confidence)
                return [*settled, started]
            case messages.Turn() as turn:
                return self._hear(turn)
            case messages.Error(error=text, error_code=code):
                raise complaint(text[:_MAX_ERROR_CHARS], code=code)
            case messages.Termination() as termination:
                self._terminated = True
                return [*self._settle_raw_end(), session_ended(termination)]
            case messages.Heartbeat() as heartbeat:
                return [heartbeat_event(heartbeat)]
            case messages.Silence(start_ms=start_ms, end_ms=end_ms):
                return [Silence(start_ms=start_ms, end_ms=end_ms)] if end_ms > start_ms else []
            case messages.Warning(warning_code=code):
                self._note(f"the server warned: {code}")  # its sentence may hold words
                return []
            case messages.SpeakerRevision():
                return []  # what was final stays so in our model

    def closed(self, code: int, reason: str) -> CrossfadeError | None:
        """Judge a close frame: it is in order after ``Termination`` only."""
        if self._terminated:
            return None
        text = reason[:_MAX_ERROR_CHARS] or f"the server closed the connection with {code}"
        return complaint(text, code=code)

    def retry_after_s(self, code: int) -> float | None:
        """A wait where another session may do better."""
        return retry_after_s(code)

    def token_request(self, url: str, *, key: str, ttl_s: int) -> TokenRequest:
        """Ask for a temporary token."""
        return token_request(url, key=key, ttl_s=ttl_s)

    def token_from(self, answer: HttpResponse) -> str:
        """Read a temporary token."""
        return token_from(answer)

    @property
    def _asked(self) -> SessionConfig:
        if self._config is None:
            raise RuntimeError("request comes first")
        return self._config

    def _note(self, *lines: str) -> None:
        new = tuple(line for line in lines if line not in self._notes)
        self._notes = (*self._notes, *new)[:_MAX_NOTES]

    def _session_started(self, begin: messages.Begin) -> SessionStarted:
        return SessionStarted(
            session_id=begin.id,
            language=self._asked.language,
            # Not said on the wire; right unless a token has shortened the session.
            started_at=begin.expires_at - _MAX_SESSION_S,
            expires_at=begin.expires_at,
        )

    def _hear(self, turn: messages.Turn) -> list[Event]:
        settled = self._settle_raw_end(by=turn)
        if turn.turn_order < self._turn:
            return settled  # a turn that is over: its formatted twin, which nobody asked for
        self._turn = turn.turn_order
        if not turn.end_of_turn:
            return [*settled, *self._progress(turn)]
        if self._formatting_wanted and not turn.turn_is_formatted:
            self._raw_end = turn
            return settled
        return [*settled, *self._end(turn)]

    def _settle_raw_end(self, *, by: messages.Turn | None = None) -> list[Event]:
        """Take the raw end of a turn for its end, unless ``by`` is the formatted one."""
        raw, self._raw_end = self._raw_end, None
        if raw is None:
            return []
        if by is not None and by.end_of_turn and by.turn_order == raw.turn_order:
            return []
        return self._end(raw)

    def _progress(self, turn: messages.Turn) -> list[Event]:
        new = turn.words[self._n_final :]
        n_new_final = 0
        if not self._formatting_wanted:
            n_new_final = _n_final(new)
        events: list[Event] = []
        if n_new_final:
            self._n_final += n_new_final
            events.append(self._final(new[:n_new_final]))
        partial = self._partial(new[n_new_final:], pause_of=turn if turn.utterance else None)
        return [*events, partial]

    def _end(self, turn: messages.Turn) -> list[Event]:
        final = self._final(turn.words[self._n_final :])
        ended = TurnEnded(
            turn=self._turn, at_ms=self._settled_ms, confidence=turn.end_of_turn_confidence
        )
        events: list[Event] = [final, self._partial(()), ended]
        self._turn += 1
        self._n_final = 0
        return events

    def _final(self, words: Iterable[messages.Word]) -> Final:
        ours = tuple(map(word, words))
        if ours:
            self._settled_ms = max(self._settled_ms, ours[-1].end_ms)
        return Final(turn=self._turn, words=ours, through_ms=self._settled_ms)

    def _partial(
        self, words: Sequence[messages.Word], *, pause_of: messages.Turn | None = None
    ) -> Partial:
        ours = tuple(map(word, words))
        last_ms = ours[-1].end_ms if ours else 0
        self._through_ms = max(self._through_ms, self._settled_ms, last_ms)
        return Partial(
            turn=self._turn,
            words=ours,
            through_ms=self._through_ms,
            at_pause=pause_of is not None,
            turn_confidence=0.0 if pause_of is None else pause_of.end_of_turn_confidence,
            n_sure=_n_final(words),
        )


def _n_final(words: Sequence[messages.Word]) -> int:
    """Count the words, from the first on, that the server calls final."""
    return next((at for at, wire in enumerate(words) if not wire.word_is_final), len(words))
