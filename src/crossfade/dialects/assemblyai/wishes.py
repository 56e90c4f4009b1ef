"""What a client of ours can ask of such a server: a canonical configuration as parameters."""

from collections.abc import Mapping

import msgspec

from crossfade.dialects.assemblyai import messages
from crossfade.dialects.assemblyai.models import (
    DOMAINS,
    ENGLISH,
    FLAGSHIP,
    LANGUAGE_CODES,
    MULTILINGUAL,
    MULTILINGUAL_CODES,
    RT_PRO,
    Model,
)
from crossfade.dialects.assemblyai.parameters import (
    MAX_KEYTERM_CHARS,
    MAX_KEYTERMS,
    MAX_SAMPLE_RATE_HZ,
    MAX_SPEAKERS,
    MAX_TURN_SILENCE_MS,
    MIN_SAMPLE_RATE_HZ,
    MIN_TURN_SILENCE_MS,
)
from crossfade.errors import ConfigError
from crossfade.model import (
    AudioFormat,
    ConfidenceEndpointing,
    Encoding,
    Endpointing,
    KeyTerm,
    NoEndpointing,
    PunctuationEndpointing,
    RawAudio,
    Reconfigure,
    SessionConfig,
    SilenceEndpointing,
)

_ENCODINGS: Mapping[Encoding, str] = {
    Encoding.PCM_S16LE: "pcm_s16le",
    Encoding.MULAW: "pcm_mulaw",
}

_DOMAINS: Mapping[str | None, str] = {ours: theirs for theirs, ours in DOMAINS.items()}

_SENTENCE_PAUSE_MS = 400
"""What ends a complete sentence where nobody wants turns: their words are to be final some day."""


def query(config: SessionConfig) -> dict[str, str]:
    """Write a configuration as the parameters of the upgrade request.

    Raises:
        ConfigError: If the language, the audio format, or the number or length of the key terms is
            beyond this protocol.
    """
    if not isinstance(config.audio, RawAudio) or config.audio != possible_audio(config.audio):
        raise ConfigError("this audio format has no name in this protocol", field="audio")
    query = {
        "sample_rate": str(config.audio.sample_rate_hz),
        "encoding": _ENCODINGS[config.audio.encoding],
    }
    query |= _model(config)
    query |= {name: str(value) for name, value in _silences_of(config).items()}
    if not config.partials_wanted:
        query["include_partial_turns"] = "false"
    if config.keyterms:
        query["keyterms_prompt"] = _json(_keyterms(config.keyterms))
    if config.domain in _DOMAINS:
        query["domain"] = _DOMAINS[config.domain]
    if config.vad_threshold is not None:
        query["vad_threshold"] = str(config.vad_threshold)
    if config.speaker_labels is not None:
        query["speaker_labels"] = "true"
        if config.speaker_labels.max_speakers is not None:
            query["max_speakers"] = str(min(config.speaker_labels.max_speakers, MAX_SPEAKERS))
    return query


def finds_language(config: SessionConfig) -> bool:
    """Tell whether the model that will be asked for cannot be told the language."""
    return _model(config)["speech_model"] == MULTILINGUAL.name


def _model(config: SessionConfig) -> dict[str, str]:
    """Choose the model that ends turns by the rule that is asked for; where all can, by grade."""
    match config.endpointing:
        case ConfidenceEndpointing():
            return _universal_streaming(config)
        case PunctuationEndpointing():
            return _universal_3(config, FLAGSHIP)
        case SilenceEndpointing() | NoEndpointing():
            if config.grade == "standard" and config.language in MULTILINGUAL_CODES:
                return _universal_streaming(config)
            return _universal_3(config, RT_PRO if config.grade == "enhanced" else FLAGSHIP)


def _universal_streaming(config: SessionConfig) -> dict[str, str]:
    _check_language(config.language, MULTILINGUAL_CODES)
    model = ENGLISH if config.language == "en" else MULTILINGUAL
    return {"speech_model": model.name, "format_turns": "true"}


def _universal_3(config: SessionConfig, model: Model) -> dict[str, str]:
    """Ask for all partials that there are: whoever wants fewer can leave some out."""
    _check_language(config.language, LANGUAGE_CODES)
    query = {"speech_model": model.name, "language_codes": _json((config.language,))}
    if config.partials_wanted:
        query |= {"interruption_delay": "0", "continuous_partials": "true"}
    return query


def _check_language(language: str, known: tuple[str, ...]) -> None:
    if language not in known:
        raise ConfigError(f"one of {', '.join(known)} is possible", field="language")


def _silences_of(config: SessionConfig) -> dict[str, int | float]:
    """Say when the turns of a session are to end.

    They cannot be kept from ending, and with them end the words that may still change: the model's
    own pauses, from 128 ms on, cost a point of the word error rate where nobody wants turns.
    """
    if isinstance(config.endpointing, NoEndpointing):
        return _range(min(_SENTENCE_PAUSE_MS, config.max_delay_ms), config.max_delay_ms)
    return _silences(config.endpointing)


def _silences(endpointing: Endpointing) -> dict[str, int | float]:
    """The same for a change, which leaves the silences alone where nobody wants turns."""
    match endpointing:
        case NoEndpointing():
            return {}
        case SilenceEndpointing(silence_ms=silence_ms):
            return _range(silence_ms, silence_ms)
        case PunctuationEndpointing(min_silence_ms=low_ms, max_silence_ms=high_ms):
            return _range(low_ms, high_ms)
        case ConfidenceEndpointing(min_silence_ms=low_ms, max_silence_ms=high_ms):
            threshold = endpointing.threshold
            return {**_range(low_ms, high_ms), "end_of_turn_confidence_threshold": threshold}


def _range(low_ms: int, high_ms: int) -> dict[str, int | float]:
    return {
        "min_turn_silence": _clamp(low_ms, MIN_TURN_SILENCE_MS),
        "max_turn_silence": _clamp(high_ms, MAX_TURN_SILENCE_MS),
    }


def _clamp(value: int, limits: tuple[int, int]) -> int:
    return min(max(value, limits[0]), limits[1])


def _keyterms(terms: tuple[KeyTerm, ...]) -> tuple[str, ...]:
    """Return the written forms; other spellings have no place in this protocol."""
    if len(terms) > MAX_KEYTERMS:
        raise ConfigError(f"{len(terms)} key terms, {MAX_KEYTERMS} are possible", field="keyterms")
    if any(len(term.text) > MAX_KEYTERM_CHARS for term in terms):
        message = f"a key term may have {MAX_KEYTERM_CHARS} characters"
        raise ConfigError(message, field="keyterms")
    return tuple(term.text for term in terms)


def update(change: Reconfigure) -> list[messages.UpdateConfiguration]:
    """Say what this protocol has words for; partials and delays are settled for the session.

    Raises:
        ConfigError: If there are too many key terms, or too long ones.
    """
    silences = {} if change.endpointing is None else _silences(change.endpointing)
    message = msgspec.convert(silences, messages.UpdateConfiguration)
    if change.keyterms is not None:
        message = msgspec.structs.replace(message, keyterms_prompt=_keyterms(change.keyterms))
    if change.vad_threshold is not None:
        message = msgspec.structs.replace(message, vad_threshold=change.vad_threshold)
    return [message] if message != messages.UpdateConfiguration() else []


def possible_audio(audio: AudioFormat) -> RawAudio:
    """Choose 16-bit PCM for what this protocol has no name for, and the nearest lawful rate."""
    if not isinstance(audio, RawAudio):
        return RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)
    encoding = audio.encoding if audio.encoding in _ENCODINGS else Encoding.PCM_S16LE
    rate_hz = _clamp(audio.sample_rate_hz, (MIN_SAMPLE_RATE_HZ, MAX_SAMPLE_RATE_HZ))
    return RawAudio(encoding=encoding, sample_rate_hz=rate_hz)


def _json(value: tuple[str, ...]) -> str:
    return msgspec.json.encode(value).decode()
