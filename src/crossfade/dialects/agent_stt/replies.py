"""What the server end says, event by event: sections 10, 14 and 15 of the protocol reference."""

from collections.abc import Sequence

from crossfade.dialects.agent_stt.messages import (
    AudioAdded,
    EndOfTranscript,
    EndsAt,
    ServerMessage,
    SetRecognitionConfig,
    SpeechEnded,
    SpeechStarted,
    StartsAt,
    WarningMessage,
)
from crossfade.dialects.agent_stt.start import Plan, change
from crossfade.dialects.agent_stt.turns import Turns
from crossfade.dialects.speechmatics import warnings
from crossfade.dialects.speechmatics.items import to_cs
from crossfade.dialects.speechmatics.replies import recognition_started
from crossfade.dialects.speechmatics.speakers import SpeakerAnswers
from crossfade.model import (
    AudioAccepted,
    AudioIgnored,
    AudioLimitReached,
    ChannelEvent,
    Declined,
    Event,
    Final,
    Heartbeat,
    Partial,
    SessionEnded,
    SessionStarted,
    Silence,
    SpeakersIgnored,
    SpeakersKnown,
    TimeRunsOut,
    TurnEnded,
    VoiceStarted,
    VoiceStopped,
)
from crossfade.model import SpeechStarted as TurnBegins


class Replies:
    """What is said during one session, from its configuration on."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.speakers = SpeakerAnswers()
        self.wire = plan.wire
        """The configuration as it is by now."""
        self._turns = Turns(plan)
        self._late_audio_told = False

    def change(self, message: SetRecognitionConfig) -> None:
        """Change the configuration from here on.

        Raises:
            InvalidConfigError: If a field is wrong, or one that cannot change would.
        """
        self.wire = change(self.wire, message)
        self._turns.partials_wanted = self.wire.enable_partials

    def tell(self, event: Event) -> Sequence[ServerMessage]:
        """Turn one event into messages."""
        match event:
            case SessionStarted():
                return self._started(event)
            case AudioAccepted(number=number):
                return [AudioAdded(seq_no=number)]
            case AudioIgnored():
                return self._late_audio()
            case Final() | Partial() | Silence() | TurnEnded():
                return self._turns.tell(event)
            case VoiceStarted(at_ms=at_ms):
                return [SpeechStarted(metadata=StartsAt(start_time=to_cs(at_ms) / 100))]
            case VoiceStopped(at_ms=at_ms):
                return [SpeechEnded(metadata=EndsAt(end_time=to_cs(at_ms) / 100))]
            case SpeakersKnown():
                return self.speakers.tell(event)
            case SpeakersIgnored():
                return [warnings.speakers_ignored(event)]
            case TimeRunsOut():
                return [warnings.time_runs_out(event)]
            case AudioLimitReached():
                return [warnings.audio_limit_reached(event)]
            case Declined(why=why):
                return [WarningMessage(reason=why)]
            case SessionEnded():
                return self._ended(event)
            case Heartbeat() | TurnBegins() | ChannelEvent():
                return []  # a turn begins with its first word

    def _started(self, event: SessionStarted) -> Sequence[ServerMessage]:
        return [
            *warnings.session_usage(event),
            *self.plan.warnings,
            recognition_started(event, self.plan.language),
            warnings.recognition_quality(self.plan.config.audio),
        ]

    def _ended(self, event: SessionEnded) -> Sequence[ServerMessage]:
        last = [*self._turns.finish(), *self.speakers.finish()]
        # A client that did not ask for the end is not to take it for one: the close frame alone
        # brings it back.
        return last if event.by_server else [*last, EndOfTranscript()]

    def _late_audio(self) -> Sequence[ServerMessage]:
        if self._late_audio_told:
            return []
        self._late_audio_told = True
        return [warnings.late_audio()]
