"""What the server end says, event by event: sections 10, 12 and 14 of the protocol reference."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import TypeVar

from msgspec.structs import replace

from crossfade.dialects.speechmatics import warnings
from crossfade.dialects.speechmatics.languages import Language
from crossfade.dialects.speechmatics.messages import (
    AddPartialTranscript,
    AddTranscript,
    AudioAdded,
    ChannelAudioAdded,
    EndOfTranscript,
    EndOfUtterance,
    ErrorMessage,
    LanguagePackInfo,
    RecognitionStarted,
    ServerMessage,
    SetRecognitionConfig,
)
from crossfade.dialects.speechmatics.speakers import SpeakerAnswers
from crossfade.dialects.speechmatics.start import Plan, change
from crossfade.dialects.speechmatics.transcripts import TranscriptWriter
from crossfade.model import (
    AudioAccepted,
    AudioIgnored,
    AudioLimitReached,
    ChannelEvent,
    ChannelEventKind,
    Declined,
    Event,
    Final,
    Heartbeat,
    Partial,
    Reconfigure,
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
)

_VERSION = f"crossfade.{version('crossfade')}"

_Transcript = TypeVar("_Transcript", bound=AddTranscript | AddPartialTranscript | EndOfUtterance)


class Replies:
    """What is said during one session, from its configuration on."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.speakers = SpeakerAnswers()
        self.wire = plan.wire
        """The configuration as it is by now."""
        # Without channels, one without a name.
        self._writers: dict[str | None, TranscriptWriter] = {
            channel: TranscriptWriter(plan) for channel in plan.config.channels or (None,)
        }
        self._late_audio_told = False

    def change(self, message: SetRecognitionConfig) -> Reconfigure:
        """Change the configuration from here on.

        Raises:
            InvalidConfigError: If a field is wrong, or one that cannot change would.
        """
        self.wire, command = change(self.wire, message)
        for writer in self._writers.values():
            writer.change(self.wire)
        return command

    def tell(self, event: Event) -> Sequence[ServerMessage]:
        """Turn one event into messages."""
        match event:
            case AudioAccepted() | Partial():  # nearly all there are
                return self._tell(event, None)
            case ChannelEvent():
                return self._tell(event.event, event.channel)
            case SessionStarted():
                return self._started(event)
            case SpeakersKnown():
                return self.speakers.tell(event)
            case SpeakersIgnored():
                return [warnings.speakers_ignored(event)]
            case TimeRunsOut():
                return [warnings.time_runs_out(event)]
            case AudioLimitReached():
                return [warnings.audio_limit_reached(event)]
            case SessionEnded():
                return self._ended(event)
            case Heartbeat() | Declined():  # we decline nothing
                return []
            case _:
                return self._tell(event, None)

    def _tell(self, event: ChannelEventKind, channel: str | None) -> Sequence[ServerMessage]:
        """The same for what happens in one channel, or in the session that has none."""
        match event:
            case AudioAccepted(number=number):
                if channel is None:
                    return [AudioAdded(seq_no=number)]
                return [ChannelAudioAdded(channel=channel, seq_no=number)]
            case AudioIgnored():
                return self._late_audio()
            case Final() | Partial() | Silence() | TurnEnded():
                said = self._writers[channel].tell(event)
                return [_in_channel(message, channel) for message in said]
            case SpeechStarted() | VoiceStarted() | VoiceStopped():
                return []

    def _started(self, event: SessionStarted) -> Sequence[ServerMessage]:
        plan = self.plan
        return [
            *warnings.session_usage(event),
            *plan.dictionary_warnings,
            recognition_started(event, plan.language, channels=plan.config.channels),
            warnings.recognition_quality(plan.config.audio),
            *plan.translation_warnings,
        ]

    def _ended(self, event: SessionEnded) -> Sequence[ServerMessage]:
        last = [
            _in_channel(message, channel)
            for channel, writer in self._writers.items()
            for message in writer.finish()
        ]
        if event.by_server:
            # The client has asked for no end: told of an error, it goes on elsewhere.
            gone = ErrorMessage(type="job_error", reason="the server is shutting down", code=4013)
            return [*last, *self.speakers.finish(), gone]
        return [*last, *self.speakers.finish(), EndOfTranscript()]

    def _late_audio(self) -> Sequence[ServerMessage]:
        if self._late_audio_told:
            return []
        self._late_audio_told = True
        return [warnings.late_audio()]


def recognition_started(
    event: SessionStarted, language: Language, *, channels: tuple[str, ...] = ()
) -> RecognitionStarted:
    """Tell that audio may come."""
    return RecognitionStarted(
        orchestrator_version=_VERSION,
        id=event.session_id,
        language_pack_info=LanguagePackInfo(
            adapted=False,
            itn=True,
            language_description=language.name,
            word_delimiter=language.word_delimiter,
            writing_direction=language.writing_direction,
        ),
        channel_ids=channels,
        channels=channels,
    )


def _in_channel(message: _Transcript, channel: str | None) -> _Transcript:
    return message if channel is None else replace(message, channel=channel)
