"""What a client of ours can ask of such a server: a canonical configuration, on the wire."""

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

from crossfade.dialects.agent_stt.configuration import (
    AgentConfig,
    RawFormat,
    TurnConfig,
    TurnDetectionMode,
)
from crossfade.dialects.agent_stt.messages import StartRecognition
from crossfade.dialects.speechmatics.shortfalls import of_speakers
from crossfade.dialects.speechmatics.wishes import speaker_config, vocab_entry
from crossfade.errors import ConfigError
from crossfade.model import (
    AudioFormat,
    Encoding,
    NoEndpointing,
    RawAudio,
    Reconfigure,
    SessionConfig,
)

MODEL = "linden-1"
_SEGMENT = "agent"
_ENCODINGS = (Encoding.PCM_S16LE, Encoding.PCM_F32LE)
_RATES_HZ = (8_000, 16_000)
_USUAL = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)


def address(url: str) -> str:
    """Where sessions are opened: the vendor's own client appends the same segment."""
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment] or ["v2"]
    if _SEGMENT not in segments:
        segments.append(_SEGMENT)
    return urlunsplit(parts._replace(path="/" + "/".join(segments)))


def mode(config: SessionConfig) -> TurnDetectionMode:
    """Who ends turns."""
    return "external" if isinstance(config.endpointing, NoEndpointing) else "vad"


def possible_audio(audio: AudioFormat) -> RawAudio:
    """The same format, or the usual one for what this protocol does not carry."""
    if not isinstance(audio, RawAudio):
        return _USUAL
    if audio.encoding in _ENCODINGS and audio.sample_rate_hz in _RATES_HZ:
        return audio
    return _USUAL


def start(config: SessionConfig) -> StartRecognition:
    """Say what is wanted.

    Raises:
        ConfigError: If the audio format is beyond this protocol.
    """
    audio = config.audio
    if not isinstance(audio, RawAudio) or audio != possible_audio(audio):
        raise ConfigError("this audio format has no name in this protocol", field="audio")
    return StartRecognition(
        audio_format=RawFormat(encoding=audio.encoding.value, sample_rate=audio.sample_rate_hz),
        transcription_config=AgentConfig(
            language=config.language,
            model=MODEL,
            domain=config.domain,
            enable_partials=config.partials_wanted,
            # Words are final by the segment; without this, where nobody ends turns, after minutes.
            emit_sentences=True,
            additional_vocab=tuple(map(vocab_entry, config.keyterms)),
            diarization="none" if config.speaker_labels is None else "speaker",
            speaker_diarization_config=speaker_config(config.speaker_labels),
        ),
        turn_config=TurnConfig(turn_detection_mode=mode(config)),
    )


def shortfalls(config: SessionConfig) -> tuple[str, ...]:
    """Say, one line each, what is changed or left out on the way to the wire."""
    return tuple(_shortfalls(config))


def _shortfalls(config: SessionConfig) -> Iterator[str]:
    if mode(config) == "vad":
        yield "endpointing: degraded, turns end after the server's own silence, about 0.5 s"
    yield "max_delay_ms: degraded, words are final with their sentence or turn"
    if config.vad_threshold is not None:
        yield "vad_threshold: dropped, this protocol has none"
    if config.volume_wanted or config.volume_threshold:
        yield "volume: dropped, this protocol has none"
    yield from of_speakers(config)


def lost_changes(change: Reconfigure) -> Iterator[str]:
    """Say, one line each, what of a change is left out: all but partials."""
    for name in change.__struct_fields__:
        if name != "partials_wanted" and getattr(change, name) is not None:
            yield f"{name}: dropped, it cannot change during a session"
