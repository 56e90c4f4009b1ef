"""The server's end of one connection: the state machine of section 6 of the protocol reference.

Here is only what may come when. What the configuration means is decided in ``start.py``, what is
said in ``replies.py``.
"""

import msgspec

from crossfade.dialects.base import (
    Credential,
    DialectSettings,
    Frame,
    Goodbye,
    Handshake,
    Refusal,
)
from crossfade.dialects.speechmatics.decoding import decode
from crossfade.dialects.speechmatics.errors import (
    close_for,
    error_reason,
    error_type,
)
from crossfade.dialects.speechmatics.http import TOKEN_SCOPE, bearer
from crossfade.dialects.speechmatics.messages import (
    AddChannelAudio,
    ClientMessage,
    EndOfChannel,
    EndOfStream,
    ErrorMessage,
    ForceEndOfUtterance,
    GetSpeakers,
    ServerMessage,
    SetRecognitionConfig,
    StartRecognition,
)
from crossfade.dialects.speechmatics.replies import Replies
from crossfade.dialects.speechmatics.start import plan
from crossfade.errors import CredentialError, CrossfadeError, ProtocolError
from crossfade.model import Audio, Command, Event, Finish, ForceTurn, SessionEnded, Start

_LINGER_S = 0.3
_FARTHEST_S = 1e6
"""A forced end this far ahead (11 days) is as good as any later one."""


class SpeechmaticsServer:
    """Idle, then listening from StartRecognition, then draining from EndOfStream."""

    def __init__(self, settings: DialectSettings) -> None:
        self._settings = settings
        self._token_in_query = False
        self._replies: Replies | None = None  # from StartRecognition on
        self._draining = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What the client asked for in vain, one sentence each; known from ``Start`` on."""
        return self._replies.plan.notes if self._replies else ()

    def credential(self, handshake: Handshake) -> Credential:
        """Look for a key in the ``Authorization`` header, then for a token in ``?jwt=``."""
        secret = bearer(handshake.headers)
        token = handshake.parameter("jwt")
        if secret is None and token is not None:
            self._token_in_query = True
            secret = token.strip() or None
        return Credential(
            secret=secret, accepts=frozenset({"key", "token"}), token_scope=TOKEN_SCOPE
        )

    def open(self, handshake: Handshake) -> list[Command]:
        """Read nothing: a language in the path is a label, the query is for statistics."""
        return []

    def receive(self, frame: Frame) -> list[Command]:
        """Turn one frame into what the client asks.

        Raises:
            ProtocolError: If the frame is malformed or comes out of order.
            ConfigError: If it asks for what nobody can do.
        """
        if isinstance(frame, bytes):
            self._expect_started("audio")
            return [Audio(data=frame)]
        if self._draining:
            return self._receive_late(frame)
        return self._receive_message(decode(frame))

    def send(self, event: Event) -> list[Frame | Goodbye]:
        """Turn one event into messages.

        Raises:
            RuntimeError: If there is no session yet, which is a bug of the caller.
        """
        if self._replies is None:
            raise RuntimeError(f"{type(event).__name__} before Start")
        said: list[Frame | Goodbye] = [_frame(message) for message in self._replies.tell(event)]
        if isinstance(event, SessionEnded):
            said.append(Goodbye(code=1000, linger_s=_LINGER_S))
        return said

    def refuse(self, error: CrossfadeError) -> Refusal:
        """Turn an error into an ``Error`` message and its close frame, or an HTTP status."""
        kind = error_type(error)
        goodbye = close_for(kind)
        message = ErrorMessage(type=kind, reason=error_reason(error), code=goodbye.code)
        return Refusal(
            frames=(_frame(message),), goodbye=goodbye, http_status=self._http_status(error)
        )

    def webhook(self) -> None:
        """This vendor posts nothing."""

    def _http_status(self, error: CrossfadeError) -> int | None:
        if isinstance(error, CredentialError) and not self._token_in_query:
            return 401
        return None  # browsers, who use the query, cannot see a status

    def _receive_message(self, message: ClientMessage) -> list[Command]:
        if isinstance(message, StartRecognition):
            return self._start(message)
        replies = self._expect_started(type(message).__name__)
        match message:
            case EndOfStream():
                self._draining = True
                return [Finish()]
            case ForceEndOfUtterance():
                return [_force(message)]
            case SetRecognitionConfig():
                return [replies.change(message)]
            case GetSpeakers():
                replies.ask_speakers(message)
                return []
            case AddChannelAudio() | EndOfChannel():
                raise ProtocolError(f"{type(message).__name__} in a session without channels")

    def _receive_late(self, frame: str) -> list[Command]:
        """After EndOfStream nothing is an error any more, and only questions are answered."""
        try:
            message = decode(frame)
        except ProtocolError:
            return []
        if isinstance(message, GetSpeakers) and self._replies is not None:
            self._replies.ask_speakers(message)
        return []

    def _start(self, message: StartRecognition) -> list[Command]:
        if self._replies is not None:
            raise ProtocolError("StartRecognition came twice")
        planned = plan(message, self._settings)
        self._replies = Replies(planned)
        return [Start(config=planned.config, limits=planned.limits)]

    def _expect_started(self, what: str) -> Replies:
        if self._replies is None:
            raise ProtocolError(f"StartRecognition must be the first message, not {what}")
        return self._replies


def _force(message: ForceEndOfUtterance) -> ForceTurn:
    """Where the client sees the end; clients guess it from bytes, so any number is taken."""
    if message.timestamp is None:
        return ForceTurn()
    return ForceTurn(at_ms=round(min(max(message.timestamp, 0.0), _FARTHEST_S) * 1000))


def _frame(message: ServerMessage) -> str:
    return msgspec.json.encode(message).decode()
