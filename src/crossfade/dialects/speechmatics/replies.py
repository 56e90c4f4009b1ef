"""What the server end says, event by event: sections 10, 12 and 14 of the protocol reference."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Literal

from crossfade.dialects.speechmatics.messages import (
    AudioAdded,
    EndOfTranscript,
    GetSpeakers,
    InfoMessage,
    LanguagePackInfo,
    RecognitionStarted,
    ServerMessage,
    SetRecognitionConfig,
    SpeakersResult,
    WarningMessage,
)
from crossfade.dialects.speechmatics.start import Plan, change
from crossfade.dialects.speechmatics.transcripts import TranscriptWriter
from crossfade.model import (
    AudioAccepted,
    AudioIgnored,
    AudioLimitReached,
    ChannelEvent,
    Event,
    Final,
    Heartbeat,
    Partial,
    RawAudio,
    Reconfigure,
    SessionEnded,
    SessionStarted,
    Silence,
    SpeakersKnown,
    SpeechStarted,
    TimeRunsOut,
    TurnEnded,
)

_VERSION = f"crossfade.{version('crossfade')}"
_TELEPHONY_BELOW_HZ = 12_000


class Replies:
    """What is said during one session, from its configuration on."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._wire = plan.wire
        self._writer = TranscriptWriter(
            language=plan.language,
            permitted_marks=plan.wire.punctuation_overrides.permitted_marks,
            speakers_wanted=plan.wire.diarization == "speaker",
        )
        self._late_audio_told = False
        self._speakers_asked = 0
        self._speakers_at_end = plan.wire.speaker_diarization_config.get_speakers

    def change(self, message: SetRecognitionConfig) -> Reconfigure:
        """Change the configuration from here on.

        Raises:
            InvalidConfigError: If a field is wrong, or one that cannot change would.
        """
        self._wire, command = change(self._wire, message)
        return command

    def ask_speakers(self, message: GetSpeakers) -> None:
        """Note a question; the answer goes out with the next event, or the last."""
        if message.final:
            self._speakers_at_end = True
        else:
            self._speakers_asked += 1

    def tell(self, event: Event) -> Sequence[ServerMessage]:
        """Turn one event into messages."""
        partials = self._wire.enable_partials
        match event:
            case SessionStarted():
                return [
                    *self.plan.dictionary_warnings,
                    *self._started(event),
                    *self.plan.translation_warnings,
                    *self._speakers(),
                ]
            case AudioAccepted():
                return [AudioAdded(seq_no=event.number), *self._speakers()]
            case AudioIgnored():
                return self._late_audio()
            case Final():
                return self._writer.final(event, partials_wanted=partials)
            case Partial():
                message = self._writer.partial(event)
                return [*([message] if partials else []), *self._speakers()]
            case Silence():
                windows = self._writer.silence(event, partials_wanted=partials)
                return [*windows, *self._speakers()]
            case TurnEnded():
                configured = bool(self._wire.conversation_config.end_of_utterance_silence_trigger)
                wanted = event.forced or configured
                return [self._writer.end_of_utterance(event)] if wanted else []
            case SessionEnded():
                self._speakers_asked += self._speakers_at_end
                return [*self._speakers(), EndOfTranscript()]
            case (
                SpeechStarted()
                | SpeakersKnown()
                | ChannelEvent()
                | Heartbeat()
                | TimeRunsOut()
                | AudioLimitReached()
            ):
                return []

    def _started(self, event: SessionStarted) -> Sequence[ServerMessage]:
        language = self.plan.language
        audio = self.plan.config.audio
        telephony = isinstance(audio, RawAudio) and audio.sample_rate_hz < _TELEPHONY_BELOW_HZ
        started = RecognitionStarted(
            orchestrator_version=_VERSION,
            id=event.session_id,
            language_pack_info=LanguagePackInfo(
                adapted=False,
                itn=True,
                language_description=language.name,
                word_delimiter=language.word_delimiter,
                writing_direction=language.writing_direction,
            ),
        )
        return [started, _quality("telephony" if telephony else "broadcast")]

    def _late_audio(self) -> Sequence[ServerMessage]:
        if self._late_audio_told:
            return []
        self._late_audio_told = True
        return [
            WarningMessage(
                type="add_audio_after_eos", reason="audio after EndOfStream is thrown away"
            )
        ]

    def _speakers(self) -> Sequence[ServerMessage]:
        """One answer to each question so far; nobody is known, as nothing tells speakers apart.

        ``receive`` answers nobody, so a question waits for the next event: while audio comes, the
        next acknowledgement.
        """
        asked, self._speakers_asked = self._speakers_asked, 0
        return [SpeakersResult(speakers=())] * asked


def _quality(quality: Literal["broadcast", "telephony"]) -> InfoMessage:
    return InfoMessage(
        type="recognition_quality",
        quality=quality,
        reason=f"Running recognition using a {quality} model quality.",
    )
