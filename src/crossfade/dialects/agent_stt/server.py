"""The server's end of one connection: the state machine of section 6 of the protocol reference."""

import msgspec

from crossfade.dialects.agent_stt.decoding import decode, names
from crossfade.dialects.agent_stt.errors import LEAVING, refusal
from crossfade.dialects.agent_stt.messages import (
    AddChannelAudio,
    EndOfChannel,
    EndOfStream,
    ForceEndOfUtterance,
    GetSpeakers,
    SetRecognitionConfig,
    StartRecognition,
    UpdateSpeakerFocus,
)
from crossfade.dialects.agent_stt.profiles import Profile
from crossfade.dialects.agent_stt.replies import Replies
from crossfade.dialects.agent_stt.start import check_names, plan
from crossfade.dialects.base import (
    Credential,
    DialectSettings,
    Frame,
    Goodbye,
    Handshake,
    Refusal,
)
from crossfade.dialects.speechmatics.decoding import unknown_in_change
from crossfade.dialects.speechmatics.http import TOKEN_SCOPE, bearer
from crossfade.dialects.speechmatics.limitations import UNKNOWN_IN_CHANGE
from crossfade.errors import CrossfadeError, ProtocolError
from crossfade.model import (
    Audio,
    Command,
    Decline,
    Event,
    Finish,
    ForceTurn,
    SessionEnded,
    Start,
)

_GOODBYE = Goodbye(code=1000, linger_s=0.3)
_FARTHEST_S = 1e6
"""A forced end this far ahead (11 days) is as good as any later one."""
_NO_KEY = "None"
"""What the vendor's client says that was given no key."""


class AgentServer:
    """Idle, then listening from StartRecognition, then draining from EndOfStream."""

    def __init__(self, settings: DialectSettings) -> None:
        self._settings = settings
        self._profile = Profile("/v2/agent")
        self._replies: Replies | None = None  # from StartRecognition on
        self._draining = False
        self._later_notes: tuple[str, ...] = ()
        self._forced_s = -1.0

    @property
    def notes(self) -> tuple[str, ...]:
        """What the client asked for in vain, one sentence each; known from ``Start`` on."""
        return (*self._replies.plan.notes, *self._later_notes) if self._replies else ()

    def credential(self, handshake: Handshake) -> Credential:
        """Look for a key in the ``Authorization`` header, then in ``?jwt=``, then ``?api_key=``."""
        shown = (
            bearer(handshake.headers),
            handshake.parameter("jwt"),
            handshake.parameter("api_key"),
        )
        secrets = (secret.strip() for secret in shown if secret is not None)
        return Credential(
            secret=next((secret for secret in secrets if secret not in ("", _NO_KEY)), None),
            accepts=frozenset({"key", "token"}),
            token_scope=TOKEN_SCOPE,
        )

    def open(self, handshake: Handshake) -> list[Command]:
        """Read the path; the query is for statistics.

        Raises:
            UnknownProfileError: If there is nothing at this path.
        """
        self._profile = Profile(handshake.path)
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
        return self._receive_late(frame) if self._draining else self._receive_message(frame)

    def send(self, event: Event) -> list[Frame | Goodbye]:
        """Turn one event into messages.

        Raises:
            RuntimeError: If there is no session yet, which is a bug of the caller.
        """
        if self._replies is None:
            raise RuntimeError(f"{type(event).__name__} before Start")
        said: list[Frame | Goodbye] = [
            msgspec.json.encode(message).decode() for message in self._replies.tell(event)
        ]
        if isinstance(event, SessionEnded):
            said.append(LEAVING if event.by_server else _GOODBYE)
        return said

    def refuse(self, error: CrossfadeError) -> Refusal:
        """Turn an error into an ``Error`` and its close frame, or an HTTP status, or less."""
        return refusal(error, has_started=self._replies is not None)

    def webhook(self) -> None:
        """This vendor posts nothing."""

    def _receive_message(self, frame: str) -> list[Command]:
        message = decode(frame)
        if isinstance(message, StartRecognition):
            return self._start(message, frame)
        kind = type(message).__name__
        replies = self._expect_started(kind)
        match message:
            case EndOfStream():
                self._draining = True
                return [Finish()]
            case ForceEndOfUtterance(timestamp=at_s):
                return self._force(replies, at_s)
            case SetRecognitionConfig():
                self._change(replies, message, frame)
                return []
            case GetSpeakers():
                return [replies.speakers.ask(at_end=message.final)]
            case UpdateSpeakerFocus():
                return [Decline(why=f"{kind} is not part of this protocol; ignored")]
            case AddChannelAudio() | EndOfChannel():
                raise ProtocolError(f"{kind}: there is one channel, and it has no name")

    def _receive_late(self, frame: str) -> list[Command]:
        """After the end nothing is an error any more, and only questions are answered."""
        try:
            message = decode(frame)
        except CrossfadeError:
            return []
        if isinstance(message, GetSpeakers) and self._replies is not None:
            return [self._replies.speakers.ask(at_end=message.final)]
        return []

    def _start(self, message: StartRecognition, frame: str) -> list[Command]:
        if self._replies is not None:
            raise ProtocolError("StartRecognition came twice")
        given, unknown = names(frame, message)
        planned = plan(message, self._settings, self._profile, given=given, unknown=unknown)
        self._replies = replies = Replies(planned)
        start = Start(config=planned.config, limits=planned.limits)
        if planned.wire.speaker_diarization_config.get_speakers:
            return [start, replies.speakers.ask(at_end=True)]
        return [start]

    def _change(self, replies: Replies, message: SetRecognitionConfig, frame: str) -> None:
        replies.change(message)
        if unknown := unknown_in_change(frame, message, replies.wire):
            check_names((), unknown, strict=self._settings.strict_parameters)
            self._later_notes = (UNKNOWN_IN_CHANGE,)

    def _force(self, replies: Replies, at_s: float | None) -> list[Command]:
        """End the turn at a position; each has to be later than the one before."""
        if replies.plan.mode == "vad":
            return []
        if at_s is None:
            return [ForceTurn()]
        if at_s <= self._forced_s:
            why = f"ForceEndOfUtterance timestamp {at_s:g} is not later than the previous one"
            return [Decline(why=f"{why} ({self._forced_s:g}); ignored")]
        self._forced_s = at_s
        return [ForceTurn(at_ms=round(min(max(at_s, 0.0), _FARTHEST_S) * 1000))]

    def _expect_started(self, what: str) -> Replies:
        if self._replies is None:
            raise ProtocolError(f"StartRecognition must be the first message, not {what}")
        return self._replies
