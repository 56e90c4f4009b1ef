"""The server's end: the whole configuration in the query, audio at once, results as turns.

What the recognizer reports becomes messages in ``incremental`` or ``whole_turn``, by the model that
the client named; this file knows the session around them.
"""

from collections.abc import Iterable

from msgspec import UNSET
from msgspec.structs import replace

from crossfade.dialects.assemblyai import limitations, messages, parameters, presets
from crossfade.dialects.assemblyai.audio import FrameLengths, Position
from crossfade.dialects.assemblyai.errors import InputError, refusal
from crossfade.dialects.assemblyai.incremental import WHISPER, IncrementalTurns
from crossfade.dialects.assemblyai.models import FLAGSHIP, Family, find_model
from crossfade.dialects.assemblyai.parameters import Parameters
from crossfade.dialects.assemblyai.replies import farewell, heartbeat
from crossfade.dialects.assemblyai.turns import Facts, TurnEvent, Turns
from crossfade.dialects.assemblyai.values import decode_object
from crossfade.dialects.assemblyai.webhook import Ends
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
from crossfade.errors import CrossfadeError, ExpiredError, IdleError, LeavingError
from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioIgnored,
    AudioLimitReached,
    ChannelEvent,
    Command,
    Declined,
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
    SpeakersIgnored,
    SpeakersKnown,
    SpeechStarted,
    Start,
    TimeRunsOut,
    TurnEnded,
    VoiceStarted,
    VoiceStopped,
)

API_VERSION = "2025-05-12"
"""The only version there is; clients may pin it in a header."""

TOKEN_SCOPE = "assemblyai"

MAX_SESSION_S = 10_800

HEARTBEAT_S = 5.0

AHEAD_S = 30.0
"""Section 6.4: the vendor documents the error and no tolerance."""

LAST_AUDIO_MS = 1000
"""More than what has been said and not been told when a live client ends its session."""


class AssemblyAIServer:
    """Hears from ``open`` on; deaf after ``Terminate``, whose answer is the session's end."""

    def __init__(self, settings: DialectSettings) -> None:
        self._settings = settings
        self._parameters = Parameters()
        self._model = FLAGSHIP
        self._turns = self._make_turns()
        self._ends = Ends(self._parameters)
        self._frames: FrameLengths | None = None
        self._position = Position(None)
        self._session_id: str | None = None
        self._terminated = False
        self.notes: tuple[str, ...] = ()
        """What the client asked for and will not get, for the log: at first, then in changes."""

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
        default = self._settings.default_model
        model = find_model(asked.speech_model, language=asked.language, default=default)
        presets.check_model(asked, model)
        if self._settings.strict_parameters:
            limitations.check(asked, model)
        config = presets.session_config(asked, model)
        self._parameters, self._model = asked, model
        self._turns = self._make_turns()
        self._ends = Ends(asked)
        self.notes = limitations.notes(asked, model, parameters.unknown_names(handshake.query))
        if isinstance(config.audio, RawAudio):
            self._position = Position(config.audio)
            self._frames = None if self._settings.lenient_audio else FrameLengths(config.audio)
        limits = SessionLimits(
            idle_s=asked.inactivity_timeout,
            session_s=self._settings.session_s or MAX_SESSION_S,
            # Always: a client may turn them on at any time, and this cannot be changed later.
            heartbeat_s=HEARTBEAT_S,
            ahead_s=AHEAD_S if self._settings.strict_pace else None,
        )
        return [Start(config=config, limits=limits)]

    def receive(self, frame: Frame) -> list[Command]:
        """Turn one frame into what the client asks.

        Raises:
            InputError: If a control message is malformed.
            ConfigError: If it asks for what we must not do without.
            FrameLengthError: If an audio frame is too long, or one short frame too many.
        """
        if self._terminated:
            return []
        if isinstance(frame, bytes):
            return self._hear(frame)
        message = decode_object(frame)
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
                return self._begin(event)
            case SpeechStarted() | Partial() | Final() | TurnEnded():
                return self._hear_turn(event)
            case Heartbeat() if self._parameters.session_heartbeat and not self._terminated:
                return self._tell([heartbeat(event)])
            case Silence() if not self._terminated:
                return self._tell(self._turns.hear(event))
            case SessionEnded():
                return [*self._last_turn(cut_short=False), *farewell(event)]
            case (
                AudioAccepted()
                | AudioIgnored()
                | Silence()
                | SpeakersIgnored()
                | SpeakersKnown()
                | ChannelEvent()
                | Heartbeat()
                | TimeRunsOut()
                | AudioLimitReached()
                | Declined()
                | VoiceStarted()
                | VoiceStopped()
            ):
                return []

    def refuse(self, error: CrossfadeError) -> Refusal:
        """Put an error into the vendor's words, after the upgrade even for a bad credential.

        A session that only ran out of time keeps the words of its open turn.
        """
        if isinstance(error, IdleError | ExpiredError | LeavingError):
            return refusal(error, last_words=self._last_turn(cut_short=True))
        return refusal(error)

    def webhook(self) -> Webhook | None:
        """Every end of a turn, for who asked; a session that never began has nothing to post."""
        return self._ends.webhook(self._session_id)

    def _hear(self, frame: bytes) -> list[Command]:
        if not frame:
            return []
        if self._frames is not None:
            self._frames.check(frame)
        self._position.hear(frame)
        return [Audio(data=frame)]

    def _update(self, message: dict[str, object]) -> list[Command]:
        before = self._parameters
        now = parameters.updated(before, message, self._model)
        if self._settings.strict_parameters:
            limitations.check_update(before, now, self._model)
        names = {name for name, value in message.items() if value is not None} - {"type"}
        missing = limitations.update_notes(before, now, self._model, names)
        self.notes += tuple(note for note in missing if note not in self.notes)
        self._parameters = now
        self._turns.settings = self._turn_settings()
        old, new = (presets.endpointing(each, self._model) for each in (before, now))
        terms, threshold = now.keyterms_prompt, now.vad_threshold
        change = Reconfigure(
            endpointing=new if new != old else None,
            keyterms=presets.keyterms(now) if terms != before.keyterms_prompt else None,
            vad_threshold=threshold if threshold != before.vad_threshold else None,
        )
        return [change] if change != Reconfigure() else []

    def _hear_turn(self, event: TurnEvent) -> list[Frame | Goodbye]:
        """Tell of a turn what there is to tell.

        After ``Terminate`` the end of the turn has to come first: LiveKit's client for JavaScript
        hangs up at the next message. So the last audio has no partials any more; what a client
        sent faster than it was heard still has them.
        """
        last_ms = self._position.ms - LAST_AUDIO_MS
        if self._terminated and isinstance(event, Partial) and event.through_ms > last_ms:
            self._turns.settings = replace(self._turns.settings, partials_wanted=False)
        return self._tell(self._turns.hear(event))

    def _begin(self, event: SessionStarted) -> list[Frame | Goodbye]:
        """Say what was applied: a setting that we do without is echoed as off."""
        asked, model = self._parameters, self._model
        self._session_id = event.session_id
        self._turns.facts = Facts(
            language=event.language if self._tells_language else UNSET,
            has_speakers=event.speaker_labels,
        )
        expires_at = event.expires_at
        begin = messages.Begin(
            id=event.session_id,
            expires_at=event.started_at + MAX_SESSION_S if expires_at is None else expires_at,
            configuration=messages.Configuration(
                model=model.name,
                mode=presets.mode(asked, model),
                api_version=API_VERSION,
                speaker_labels=event.speaker_labels,
                redact_pii=asked.redact_pii,
                filter_profanity=asked.filter_profanity,
                domain=None,
                voice_focus=None,
            ),
        )
        return self._tell([begin, *limitations.warnings(asked)])

    @property
    def _tells_language(self) -> bool:
        """Whisper does without being asked, the English model not even then."""
        if self._model.family is Family.WHISPER:
            return True
        return self._parameters.language_detection and self._model.is_multilingual

    def _last_turn(self, *, cut_short: bool) -> tuple[Frame, ...]:
        frames = self._tell(self._turns.close(cut_short=cut_short))
        return tuple(frame for frame in frames if not isinstance(frame, Goodbye))

    def _tell(self, said: Iterable[messages.ServerMessage]) -> list[Frame | Goodbye]:
        frames: list[Frame | Goodbye] = []
        for message in said:
            frame = messages.encode(message)
            self._ends.note(message, frame)
            frames.append(frame)
        return frames

    def _turn_settings(self) -> presets.TurnSettings:
        single_end = self._settings.single_end
        return presets.turn_settings(self._parameters, self._model, single_end=single_end)

    def _make_turns(self) -> Turns:
        settings = self._turn_settings()
        match self._model.family:
            case Family.UNIVERSAL_3:
                return WholeTurns(settings, partials_formatted=self._model.has_modes)
            case Family.WHISPER:
                return IncrementalTurns(settings, WHISPER)
            case Family.UNIVERSAL_STREAMING:
                return IncrementalTurns(settings)
