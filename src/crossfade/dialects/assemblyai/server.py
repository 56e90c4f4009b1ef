"""The server's end: the whole configuration in the query, audio at once, results as turns.

What the recognizer reports becomes messages in ``incremental`` or ``whole_turn``, by the model that
the client named; this file knows the session around them.
"""

from crossfade.dialects.assemblyai import limitations, messages, parameters, presets
from crossfade.dialects.assemblyai.audio import FrameLengths
from crossfade.dialects.assemblyai.errors import InputError, refusal
from crossfade.dialects.assemblyai.incremental import IncrementalTurns
from crossfade.dialects.assemblyai.models import FLAGSHIP, Family, Model, find_model
from crossfade.dialects.assemblyai.parameters import Parameters
from crossfade.dialects.assemblyai.turns import Turns
from crossfade.dialects.assemblyai.values import BadValue, decode
from crossfade.dialects.assemblyai.whole_turn import WholeTurns
from crossfade.dialects.base import (
    Credential,
    DialectSettings,
    Frame,
    Goodbye,
    Handshake,
    Refusal,
    Webhook,
)
from crossfade.errors import CrossfadeError, ExpiredError, IdleError
from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioIgnored,
    AudioLimitReached,
    ChannelEvent,
    Command,
    Event,
    Final,
    Finish,
    ForceTurn,
    Heartbeat,
    KeepAlive,
    Partial,
    RawAudio,
    Reconfigure,
    SessionEnded,
    SessionLimits,
    SessionStarted,
    Silence,
    SpeakersKnown,
    SpeechStarted,
    Start,
    TimeRunsOut,
    TurnEnded,
)

API_VERSION = "2025-05-12"
"""The only version there is; clients may pin it in a header."""

TOKEN_SCOPE = "assemblyai"

MAX_SESSION_S = 10_800

LINGER_S = 0.3
"""Sample clients crash when the socket closes in the instant of their own clean-up."""


class AssemblyAIServer:
    """Hears from ``open`` on; deaf after ``Terminate``, whose answer is the session's end."""

    def __init__(self, settings: DialectSettings) -> None:
        self._settings = settings
        self._parameters = Parameters()
        self._model = FLAGSHIP
        self._turns = _turns(self._parameters, self._model)
        self._frames: FrameLengths | None = None
        self._terminated = False
        self.notes: tuple[str, ...] = ()
        """What the client asked for and will not get, for the log. Known once it is open."""

    def credential(self, handshake: Handshake) -> Credential:
        """Find the token in the query, which is then all that counts, or the raw header.

        There is no scheme before the key: ``Bearer KEY`` is an unknown key.
        """
        token = handshake.parameter("token")
        if token:
            return Credential(secret=token, accepts=frozenset({"token"}), token_scope=TOKEN_SCOPE)
        header = handshake.headers.get("authorization", "").strip()
        return Credential(
            secret=header or None,
            accepts=frozenset({"key", "token"}),
            token_scope=TOKEN_SCOPE,
        )

    def open(self, handshake: Handshake) -> list[Command]:
        """Read the query.

        Raises:
            InputError: If a parameter is malformed.
            ConfigError: If it asks for what we must not do without.
        """
        asked = parameters.from_query(handshake.query)
        model = find_model(asked.speech_model, language=asked.language)
        presets.check_model(asked, model)
        limitations.check(asked, strict=self._settings.strict_parameters)
        config = presets.session_config(asked, model)
        self._parameters, self._model = asked, model
        self._turns = _turns(asked, model)
        self.notes = limitations.notes(asked)
        if isinstance(config.audio, RawAudio) and not self._settings.lenient_audio:
            self._frames = FrameLengths(config.audio)
        limits = SessionLimits(
            idle_s=asked.inactivity_timeout,
            session_s=self._settings.session_s or MAX_SESSION_S,
        )
        return [Start(config=config, limits=limits)]

    def receive(self, frame: Frame) -> list[Command]:
        """Turn one frame into what the client asks.

        Raises:
            InputError: If a control message is malformed.
            FrameLengthError: If an audio frame is too long, or one short frame too many.
        """
        if self._terminated:
            return []
        if isinstance(frame, bytes):
            return self._hear(frame)
        message = _decode_object(frame)
        match message.get("type"):
            case "Terminate":
                self._terminated = True
                return [Finish()]
            case "ForceEndpoint":
                return [ForceTurn()]
            case "KeepAlive":
                return [KeepAlive()]
            case "UpdateConfiguration":
                return self._update(message)
            case str() as unknown:
                raise InputError("Invalid Message Type", quote=unknown)
            case _:
                raise InputError("Invalid Message", quote=frame)

    def send(self, event: Event) -> list[Frame | Goodbye]:
        """Turn one event into what the vendor's server would say."""
        match event:
            case SessionStarted():
                self._turns.speaker_labels = event.speaker_labels
                return [messages.encode(self._begin(event))]
            case (
                AudioAccepted()
                | AudioIgnored()
                | Silence()
                | SpeakersKnown()
                | ChannelEvent()
                | Heartbeat()
                | TimeRunsOut()
                | AudioLimitReached()
            ):
                return []
            case SpeechStarted() | Partial() | Final() | TurnEnded():
                return [messages.encode(message) for message in self._turns.hear(event)]
            case SessionEnded():
                return [*self._last_turn(cut_short=False), *_farewell(event)]

    def refuse(self, error: CrossfadeError) -> Refusal:
        """Put an error into the vendor's words, after the upgrade even for a bad credential.

        A session that only ran out of time keeps the words of its open turn.
        """
        if isinstance(error, IdleError | ExpiredError):
            return refusal(error, last_words=self._last_turn(cut_short=True))
        return refusal(error)

    def webhook(self) -> Webhook | None:
        """Nothing is posted yet."""
        return None

    def _hear(self, frame: bytes) -> list[Command]:
        if not frame:
            return []
        if self._frames is not None:
            self._frames.check(frame)
        return [Audio(data=frame)]

    def _update(self, message: dict[str, object]) -> list[Command]:
        before = self._parameters
        now = parameters.updated(before, message, self._model)
        self._parameters = now
        self._turns.settings = presets.turn_settings(now, self._model)
        old, new = (presets.endpointing(each, self._model) for each in (before, now))
        terms, threshold = now.keyterms_prompt, now.vad_threshold
        change = Reconfigure(
            endpointing=new if new != old else None,
            keyterms=presets.keyterms(now) if terms != before.keyterms_prompt else None,
            vad_threshold=threshold if threshold != before.vad_threshold else None,
        )
        return [change] if change != Reconfigure() else []

    def _begin(self, event: SessionStarted) -> messages.Begin:
        """Say what was applied: a setting that we do without is echoed as off."""
        expires_at = event.expires_at
        return messages.Begin(
            id=event.session_id,
            expires_at=event.started_at + MAX_SESSION_S if expires_at is None else expires_at,
            configuration=messages.Configuration(
                model=self._model.name,
                mode=presets.mode(self._parameters, self._model),
                api_version=API_VERSION,
                speaker_labels=event.speaker_labels,
                redact_pii=False,
                filter_profanity=False,
                domain=None,
                voice_focus=None,
            ),
        )

    def _last_turn(self, *, cut_short: bool) -> tuple[Frame, ...]:
        return tuple(map(messages.encode, self._turns.close(cut_short=cut_short)))


def _turns(parameters: Parameters, model: Model) -> Turns:
    settings = presets.turn_settings(parameters, model)
    if model.family is Family.UNIVERSAL_3:
        return WholeTurns(settings, partials_formatted=model.has_modes)
    return IncrementalTurns(settings)


def _decode_object(frame: str) -> dict[str, object]:
    try:
        message = decode(frame)
    except BadValue as exc:
        raise InputError(str(exc)) from exc
    if not isinstance(message, dict):
        raise InputError("Invalid Message", quote=frame)
    return message


def _farewell(event: SessionEnded) -> list[Frame | Goodbye]:
    termination = messages.Termination(
        audio_duration_seconds=_nearest_second(event.audio_ms),
        session_duration_seconds=_nearest_second(event.session_ms),
    )
    goodbye = Goodbye(code=1000, reason="Session Ended", linger_s=LINGER_S)
    return [messages.encode(termination), goodbye]


def _nearest_second(duration_ms: int) -> int:
    return (duration_ms + 500) // 1000
