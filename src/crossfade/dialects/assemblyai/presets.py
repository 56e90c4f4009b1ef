"""What parameters mean: the defaults of each model, and our own settings behind them."""

from collections.abc import Mapping

from msgspec import Struct

from crossfade.dialects.assemblyai.filters import Filters
from crossfade.dialects.assemblyai.models import DOMAINS, Family, Model
from crossfade.dialects.assemblyai.parameters import Parameters, invalid
from crossfade.dialects.assemblyai.policies import PII_POLICIES
from crossfade.model import (
    AudioFormat,
    ConfidenceEndpointing,
    ContainerAudio,
    Encoding,
    Grade,
    KeyTerm,
    PacketAudio,
    PunctuationEndpointing,
    RawAudio,
    SessionConfig,
    SpeakerLabels,
)
from crossfade.text.pii import Redaction

_DEFAULT_MODE = "balanced"


class _Times(Struct, frozen=True):
    """Defaults, in milliseconds."""

    min_turn_silence: int
    max_turn_silence: int
    interruption_delay: int = 500


_UNIVERSAL_STREAMING = _Times(400, 1280)
_U3_RT_PRO = _Times(100, 1000)
_WITH_SPEAKERS = _Times(640, 768)
_MODES: Mapping[str, _Times] = {
    "min_latency": _Times(128, 640, interruption_delay=0),
    "balanced": _Times(128, 1280),
    "max_accuracy": _Times(512, 2560),
}

_DEFAULT_THRESHOLD = 0.4

_CONTINUOUS_MS = 400
"""Less than the time between two hypotheses, so that each of them is shown. The vendor has about
1000: then one word in twenty is not seen for a second after its end, however quick we are."""

_RARE_MS = 3000

_LONGEST_TURN_MS = 60_000
_LONGEST_TURN_WITH_SPEAKERS_MS = 10_000

_MAX_DELAY_MS = {
    # Only final words make up the transcript of this family's partials, and of the others no more
    # than one is shown: they must come soon. At 900 half of the words are seen 0.28 s after their
    # end and 95 % after 0.76 s. At 1000 it is 0.30 and 0.80 s and no fewer are wrong; at 800 it is
    # 0.28 and 0.71 s and 1.6 points more are.
    Family.UNIVERSAL_STREAMING: 900,
    Family.WHISPER: 900,
    # Nothing is final before the end of the turn: the recognizer may take its time.
    Family.UNIVERSAL_3: 4000,
}

_ENCODINGS: Mapping[str, Encoding] = {
    "pcm_s16le": Encoding.PCM_S16LE,
    "pcm_mulaw": Encoding.MULAW,
}
_CONTAINERS: Mapping[str, str] = {"ogg_opus": "ogg", "aac": "aac"}


_GRADES: Mapping[Family, Grade] = {
    Family.UNIVERSAL_STREAMING: "standard",
    Family.UNIVERSAL_3: "enhanced",
}
"""What the models are to other vendors."""


class TurnSettings(Struct, frozen=True, kw_only=True):
    """How turns are told, every default filled in."""

    partials_wanted: bool
    format_turns: bool
    """An unformatted end of turn is to be followed by a formatted one; Universal-3 never asks."""
    ends_once: bool = False
    """The formatted one alone is sent."""
    interruption_delay_ms: int
    """From the first word to the first partial of a turn, on top of a fixed wait."""
    partial_interval_ms: int
    """Between partials while somebody speaks on."""
    silences_wanted: bool = False
    """Stretches without speech are told between turns; Universal-3 alone does."""
    filters: Filters = Filters()


def check_model(parameters: Parameters, model: Model) -> None:
    """Check what only some models take.

    Raises:
        InputError: If there is a ``mode`` for a model outside the Universal-3 family.
    """
    if parameters.mode is not None and model.family is not Family.UNIVERSAL_3:
        raise invalid("mode", f"Value error, mode is not supported by {model.name}")


def mode(parameters: Parameters, model: Model) -> str | None:
    """Return the mode to echo."""
    if model.family is not Family.UNIVERSAL_3:
        return None
    return parameters.mode or _DEFAULT_MODE


def turn_settings(
    parameters: Parameters, model: Model, *, single_end: bool = False
) -> TurnSettings:
    """Fill in what the client did not say about how turns are told.

    Args:
        parameters: What it said.
        model: Whose defaults hold.
        single_end: The operator wants one message for the end of a turn, where there would be two.
    """
    continuous = parameters.continuous_partials
    if continuous is None:
        continuous = not parameters.speaker_labels
    delay_ms = parameters.interruption_delay
    return TurnSettings(
        partials_wanted=_partials_wanted(parameters),
        format_turns=parameters.format_turns,
        ends_once=parameters.format_turns and single_end,
        interruption_delay_ms=(
            _times(parameters, model).interruption_delay if delay_ms is None else delay_ms
        ),
        partial_interval_ms=_CONTINUOUS_MS if continuous else _RARE_MS,
        silences_wanted=parameters.acknowledge_silence,
        filters=Filters(profanity=parameters.filter_profanity, redaction=_redaction(parameters)),
    )


def policies(parameters: Parameters) -> tuple[str, ...]:
    """List what is to be redacted; without a choice of the client's own, everything."""
    return (parameters.redact_pii_policies or PII_POLICIES) if parameters.redact_pii else ()


def _redaction(parameters: Parameters) -> Redaction | None:
    if not parameters.redact_pii:
        return None
    by_name = parameters.redact_pii_sub == "entity_name"
    return Redaction(policies(parameters), substitution="entity_name" if by_name else "hash")


def endpointing(
    parameters: Parameters, model: Model
) -> ConfidenceEndpointing | PunctuationEndpointing:
    """Fill in what the client did not say about when turns end."""
    times = _times(parameters, model)
    min_ms = parameters.min_turn_silence or times.min_turn_silence
    max_ms = max(min_ms, parameters.max_turn_silence or times.max_turn_silence)
    if model.family is Family.UNIVERSAL_3:
        with_speakers = parameters.speaker_labels
        return PunctuationEndpointing(
            min_silence_ms=min_ms,
            max_silence_ms=max_ms,
            max_turn_ms=_LONGEST_TURN_WITH_SPEAKERS_MS if with_speakers else _LONGEST_TURN_MS,
        )
    threshold = parameters.end_of_turn_confidence_threshold
    return ConfidenceEndpointing(
        min_silence_ms=min_ms,
        max_silence_ms=max_ms,
        threshold=_DEFAULT_THRESHOLD if threshold is None else threshold,
    )


def session_config(parameters: Parameters, model: Model) -> SessionConfig:
    """Say in our own words what the recognizer is to do.

    ``vad_threshold`` is passed on only if the client set it: the vendor's defaults belong to the
    vendor's detector, ours are tuned to ours.
    """
    return SessionConfig(
        language=_language(parameters, model),
        audio=_audio(parameters),
        endpointing=endpointing(parameters, model),
        partials_wanted=_partials_wanted(parameters),
        max_delay_ms=_MAX_DELAY_MS[model.family],
        early_finals=model.family is not Family.UNIVERSAL_3,  # the others show one open word
        keyterms=keyterms(parameters),
        speaker_labels=(
            SpeakerLabels(max_speakers=parameters.max_speakers)
            if parameters.speaker_labels
            else None
        ),
        vad_threshold=parameters.vad_threshold,
        grade=_GRADES.get(model.family),
        domain=None if parameters.domain is None else DOMAINS[parameters.domain],
    )


def keyterms(parameters: Parameters) -> tuple[KeyTerm, ...]:
    """Return the key terms in our own words."""
    return tuple(KeyTerm(text=term) for term in parameters.keyterms_prompt)


def _times(parameters: Parameters, model: Model) -> _Times:
    if model.family is not Family.UNIVERSAL_3:
        return _UNIVERSAL_STREAMING
    if not model.has_modes:
        return _U3_RT_PRO
    if parameters.speaker_labels:
        return _WITH_SPEAKERS
    return _MODES[parameters.mode or _DEFAULT_MODE]


def _partials_wanted(parameters: Parameters) -> bool:
    """Partials are not redacted, so with redaction they are sent only to who insists."""
    if parameters.include_partial_turns is None:
        return not parameters.redact_pii
    return parameters.include_partial_turns


def _language(parameters: Parameters, model: Model) -> str:
    """Choose the one language of the session.

    ``language_codes`` is a hint for a model that hears many; a recognizer of ours hears one. So
    English is left only where the client named languages and English is not among them.
    """
    codes = parameters.language_codes if model.family is Family.UNIVERSAL_3 else ()
    if not codes or "en" in codes or "multi" in codes:
        return "en"
    return codes[0]


def _audio(parameters: Parameters) -> AudioFormat:
    name = parameters.encoding
    if name in _ENCODINGS:
        return RawAudio(encoding=_ENCODINGS[name], sample_rate_hz=parameters.sample_rate)
    if name in _CONTAINERS:
        return ContainerAudio(container=_CONTAINERS[name])
    return PacketAudio(codec="opus")
