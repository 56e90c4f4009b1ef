"""What a client of ours can ask of such a server: a canonical configuration, on the wire."""

from crossfade.dialects.speechmatics.configuration import (
    AudioFilteringConfig,
    ConversationConfig,
    Diarization,
    EnrolledSpeaker,
    FileFormat,
    RawFormat,
    SpeakerDiarizationConfig,
    TranscriptionConfig,
    VocabEntry,
    WireAudioFormat,
)
from crossfade.dialects.speechmatics.messages import StartRecognition
from crossfade.dialects.speechmatics.shortfalls import (
    DELAY_S,
    FEWEST_SPEAKERS,
    LONGEST_TRIGGER_S,
)
from crossfade.model import (
    AudioFormat,
    ConfidenceEndpointing,
    Endpointing,
    KeyTerm,
    NoEndpointing,
    PunctuationEndpointing,
    RawAudio,
    Reconfigure,
    SessionConfig,
    SilenceEndpointing,
    SpeakerLabels,
)


def start(config: SessionConfig) -> StartRecognition:
    """Say what is wanted."""
    return StartRecognition(
        audio_format=_audio_format(config.audio), transcription_config=_transcription(config)
    )


def _audio_format(audio: AudioFormat) -> WireAudioFormat:
    if isinstance(audio, RawAudio):
        return RawFormat(encoding=audio.encoding.value, sample_rate=audio.sample_rate_hz)
    return FileFormat()


def _transcription(config: SessionConfig) -> TranscriptionConfig:
    return TranscriptionConfig(
        language=config.language,
        model=_model(config),
        domain=config.domain,
        enable_partials=config.partials_wanted,
        max_delay=_max_delay_s(config.max_delay_ms),
        additional_vocab=tuple(map(vocab_entry, config.keyterms)),
        conversation_config=ConversationConfig(
            end_of_utterance_silence_trigger=_trigger_s(config.endpointing)
        ),
        audio_filtering_config=(
            AudioFilteringConfig(volume_threshold=config.volume_threshold)
            if config.volume_wanted or config.volume_threshold
            else None
        ),
        diarization=_diarization(config),
        channel_diarization_labels=config.channels,
        speaker_diarization_config=speaker_config(config.speaker_labels),
    )


def _model(config: SessionConfig) -> str | None:
    """Name the model, where it is not the usual one."""
    if config.language == "multi":
        return "melia-1"  # the only one that hears several languages at once
    return "enhanced" if config.grade == "enhanced" else None


def speaker_config(labels: SpeakerLabels | None) -> SpeakerDiarizationConfig:
    """How speakers are to be told apart, on the wire."""
    if labels is None:
        return SpeakerDiarizationConfig()
    return SpeakerDiarizationConfig(
        max_speakers=_most_speakers(labels.max_speakers),
        speaker_sensitivity=labels.sensitivity,
        speakers=tuple(
            EnrolledSpeaker(label=known.label, speaker_identifiers=known.identifiers)
            for known in labels.known
            if known.identifiers
        ),
    )


def _most_speakers(most: int | None) -> int | None:
    return None if most is None else max(most, FEWEST_SPEAKERS)


def _diarization(config: SessionConfig) -> Diarization:
    if config.channels:
        return "channel" if config.speaker_labels is None else "channel_and_speaker"
    return "none" if config.speaker_labels is None else "speaker"


def change(command: Reconfigure) -> dict[str, object]:
    """Say what this protocol can change; key terms and the rest stay as they were."""
    wire: dict[str, object] = {}
    if command.endpointing is not None:
        wire["conversation_config"] = {
            "end_of_utterance_silence_trigger": _trigger_s(command.endpointing)
        }
    if command.partials_wanted is not None:
        wire["enable_partials"] = command.partials_wanted
    if command.max_delay_ms is not None:
        wire["max_delay"] = _max_delay_s(command.max_delay_ms)
    if command.volume_wanted or command.volume_threshold is not None:
        wire["audio_filtering_config"] = {"volume_threshold": command.volume_threshold or 0.0}
    return wire


def _trigger_s(endpointing: Endpointing) -> float:
    """The longest silence; this protocol knows no reason to end a turn sooner."""
    match endpointing:
        case NoEndpointing():
            return 0.0
        case SilenceEndpointing():
            return min(endpointing.silence_ms / 1000, LONGEST_TRIGGER_S)
        case ConfidenceEndpointing() | PunctuationEndpointing():
            return min(endpointing.max_silence_ms / 1000, LONGEST_TRIGGER_S)


def _max_delay_s(max_delay_ms: int) -> float:
    shortest_s, longest_s = DELAY_S
    return min(max(max_delay_ms / 1000, shortest_s), longest_s)


def vocab_entry(term: KeyTerm) -> str | VocabEntry:
    """A key term, on the wire."""
    if not term.sounds_like:
        return term.text
    return VocabEntry(content=term.text, sounds_like=term.sounds_like)
