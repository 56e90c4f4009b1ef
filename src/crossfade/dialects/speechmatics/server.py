"""The server's end of one connection: the state machine of section 6 of the protocol reference.

Here is only what may come when. What the configuration means is decided in ``start.py``, what is
said in ``replies.py``.
"""

import base64
import binascii
from collections.abc import Sequence

import msgspec

from crossfade.dialects.base import (
    Credential,
    DialectSettings,
    Frame,
    Goodbye,
    Handshake,
    Refusal,
)
from crossfade.dialects.speechmatics.decoding import decode, unknown_fields, unknown_in_change
from crossfade.dialects.speechmatics.errors import (
    InvalidMessageError,
    close_for,
    error_reason,
    error_type,
)
from crossfade.dialects.speechmatics.http import TOKEN_SCOPE, bearer
from crossfade.dialects.speechmatics.limitations import UNKNOWN_IN_CHANGE, unknown
from crossfade.dialects.speechmatics.messages import (
    AddChannelAudio,
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
from crossfade.errors import ConfigError, CredentialError, CrossfadeError, ProtocolError
from crossfade.model import (
    Audio,
    Command,
    Event,
    Finish,
    ForceTurn,
    InChannel,
    SessionEnded,
    Start,
)

_GOODBYE = Goodbye(code=1000, linger_s=0.3)
_FARTHEST_S = 1e6
"""A forced end this far ahead (11 days) is as good as any later one."""


class SpeechmaticsServer:
    """Idle, then listening from StartRecognition, then draining from EndOfStream.

    In a session of several channels it drains from the last EndOfChannel, too.
    """

    def __init__(self, settings: DialectSettings) -> None:
        self._settings = settings
        self._token_in_query = False
        self._replies: Replies | None = None  # from StartRecognition on
        self._draining = False
        self._later_notes: tuple[str, ...] = ()
        self._open_channels: set[str] = set()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the client asked for in vain, one sentence each; known from ``Start`` on."""
        return (*self._replies.plan.notes, *self._later_notes) if self._replies else ()

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
            return self._hear(frame)
        if self._draining:
            return self._receive_late(frame)
        return self._receive_message(frame)

    def send(self, event: Event) -> list[Frame | Goodbye]:
        """Turn one event into messages.

        Raises:
            RuntimeError: If there is no session yet, which is a bug of the caller.
        """
        if self._replies is None:
            raise RuntimeError(f"{type(event).__name__} before Start")
        said: list[Frame | Goodbye] = [_frame(message) for message in self._replies.tell(event)]
        if isinstance(event, SessionEnded):
            said.append(close_for("job_error") if event.by_server else _GOODBYE)
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

    def _receive_message(self, frame: str) -> list[Command]:
        message = decode(frame)
        if isinstance(message, StartRecognition):
            return self._start(message, unknown_fields(frame, message))
        replies = self._expect_started(type(message).__name__)
        match message:
            case EndOfStream():
                return self._finish()
            case ForceEndOfUtterance():
                return [self._force(message)]
            case SetRecognitionConfig():
                return [self._change(replies, message, frame)]
            case GetSpeakers():
                return [replies.speakers.ask(at_end=message.final)]
            case AddChannelAudio():
                return [InChannel(channel=self._channel(message), command=_audio(message))]
            case EndOfChannel():
                return self._finish_channel(self._channel(message))

    def _receive_late(self, frame: str) -> list[Command]:
        """After the end nothing is an error any more, and only questions are answered."""
        try:
            message = decode(frame)
        except CrossfadeError:
            return []
        match message:
            case GetSpeakers() if self._replies is not None:
                return [self._replies.speakers.ask(at_end=message.final)]
            case AddChannelAudio() if message.channel in self._channels:
                return [_late_audio(message.channel)]
            case _:
                return []

    def _change(self, replies: Replies, message: SetRecognitionConfig, frame: str) -> Command:
        command = replies.change(message)
        if names := unknown_in_change(frame, message, replies.wire):
            if self._settings.strict_parameters:
                raise ConfigError("; ".join(unknown(names)), field="configuration")
            self._later_notes = (UNKNOWN_IN_CHANGE,)
        return command

    def _hear(self, frame: bytes) -> list[Command]:
        channels = self._expect_started("audio").plan.config.channels
        if not channels:
            return [Audio(data=frame)]
        if self._draining:
            return [_late_audio(channels[0])]
        raise ProtocolError("audio of no channel in a session that has channels")

    def _start(self, message: StartRecognition, unknown_paths: Sequence[str]) -> list[Command]:
        if self._replies is not None:
            raise ProtocolError("StartRecognition came twice")
        planned = plan(message, self._settings, unknown_paths)
        self._replies = replies = Replies(planned)
        self._open_channels = set(self._channels)
        start = Start(config=planned.config, limits=planned.limits)
        if planned.wire.speaker_diarization_config.get_speakers:
            return [start, replies.speakers.ask(at_end=True)]
        return [start]

    def _finish(self) -> list[Command]:
        self._draining = True
        return [Finish()]

    def _finish_channel(self, channel: str) -> list[Command]:
        self._open_channels.discard(channel)
        if not self._open_channels:
            return self._finish()
        return [InChannel(channel=channel, command=Finish())]

    def _force(self, message: ForceEndOfUtterance) -> Command:
        """Where the client sees the end; clients guess it from bytes, so any number is taken."""
        at_s = message.timestamp
        force = ForceTurn(
            at_ms=None if at_s is None else round(min(max(at_s, 0.0), _FARTHEST_S) * 1000)
        )
        if message.channel is None:
            return force  # in every channel there is
        return InChannel(channel=self._channel(message), command=force)

    @property
    def _channels(self) -> tuple[str, ...]:
        return self._replies.plan.config.channels if self._replies else ()

    def _channel(self, message: AddChannelAudio | EndOfChannel | ForceEndOfUtterance) -> str:
        """The channel that a message names.

        Raises:
            ProtocolError: If the session has no such channel.
        """
        channel = message.channel
        if channel is None or channel not in self._channels:
            raise ProtocolError(f"{type(message).__name__} names no channel of this session")
        return channel

    def _expect_started(self, what: str) -> Replies:
        if self._replies is None:
            raise ProtocolError(f"StartRecognition must be the first message, not {what}")
        return self._replies


def _audio(message: AddChannelAudio) -> Audio:
    try:
        return Audio(data=base64.b64decode(message.data, validate=True))
    except (binascii.Error, ValueError) as exc:
        raise InvalidMessageError("AddChannelAudio.data: not base64") from exc


def _late_audio(channel: str) -> InChannel:
    """What came is not looked at: the stream has ended, and only says that it was ignored."""
    return InChannel(channel=channel, command=Audio(data=b""))


def _frame(message: ServerMessage) -> str:
    return msgspec.json.encode(message).decode()
