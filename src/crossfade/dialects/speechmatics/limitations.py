"""What a client may ask for and get a session without. Nothing is dropped in silence.

The sentences are for the operator's log, or for the client of a strict server; the warnings are for
the client, as far as the vendor has one for the case.
"""

from collections.abc import Iterator, Mapping, Sequence

from crossfade.dialects.speechmatics.configuration import VocabEntry
from crossfade.dialects.speechmatics.languages import find_language
from crossfade.dialects.speechmatics.messages import StartRecognition, WarningMessage

MAX_VOCAB_WORDS = 6
MAX_VOCAB_WORD_LENGTH = 4000
_SHOWN_ENTRIES = 10
_SHOWN_CHARS = 100

UNKNOWN_IN_CHANGE = "unknown fields in SetRecognitionConfig: no effect"
"""For the log, once a session."""


def done_without(message: StartRecognition) -> tuple[str, ...]:
    """Name each field that is accepted and has no effect, and say why; one sentence each."""
    return tuple(f"{path}: {why}" for path, why in _done_without(message))


def unknown(paths: Sequence[str]) -> tuple[str, ...]:
    """The same for fields that the protocol does not have, the first of them.

    For the client alone: it chose the names, and the log has none of a client's.
    """
    return tuple(f"{path[:_SHOWN_CHARS]}: unknown, no effect" for path in paths[:_SHOWN_ENTRIES])


def _done_without(message: StartRecognition) -> Iterator[tuple[str, str]]:
    wire = message.transcription_config
    speakers = wire.speaker_diarization_config
    texts = wire.transcript_filtering_config
    is_english = find_language(wire.language).has_english
    translation = message.translation_config
    asked: Mapping[str, tuple[object, str]] = {
        "speaker_diarization_config.speakers": (
            speakers.speakers and not wire.has_speakers,
            "speakers are not told apart",
        ),
        "speaker_diarization_config.prefer_current_speaker": (
            speakers.prefer_current_speaker and wire.has_speakers,
            "each word goes to the voice that it sounds most like",
        ),
        "domain": (wire.domain, "only a vendor behind this server may know it"),
        "output_locale": (wire.output_locale, "spelling is not changed"),
        "enable_entities": (
            wire.enable_entities and not is_english,
            "only English ones are known",
        ),
        "transcript_filtering_config.remove_disfluencies": (
            texts.remove_disfluencies and not is_english,
            "only English ones are known",
        ),
        "punctuation_overrides.sensitivity": (
            wire.punctuation_overrides.sensitivity != 0.5,
            "marks are as the recognizer sets them",
        ),
    }
    for path, (wanted, why) in asked.items():
        if wanted:
            yield f"transcription_config.{path}", why
    if translation is not None and translation.target_languages:
        yield "translation_config", "nothing is translated"
    if message.audio_events_config is not None:
        yield "audio_events_config", "no audio events are reported"


def dictionary_warnings(message: StartRecognition) -> Iterator[WarningMessage]:
    """Say which entries of the dictionary are too long; one message, however many they are.

    It goes out before RecognitionStarted, and one client gives up after five messages there.
    """
    dropped = list(_dropped_entries(message))
    if not dropped:
        return
    shown = ", ".join(dropped[:_SHOWN_ENTRIES])
    yield WarningMessage(
        type="validation_warning",
        reason=f"transcription_config.additional_vocab: {len(dropped)} dropped, longer than"
        f" {MAX_VOCAB_WORDS} words or with a word longer than {MAX_VOCAB_WORD_LENGTH}"
        f" characters: {shown}{', ...' if len(dropped) > _SHOWN_ENTRIES else ''}",
    )


def _dropped_entries(message: StartRecognition) -> Iterator[str]:
    for index, entry in enumerate(message.transcription_config.additional_vocab):
        if not fits(entry):
            yield f"[{index}]"
        elif isinstance(entry, VocabEntry):
            texts = enumerate(entry.sounds_like or ())
            yield from (f"[{index}].sounds_like[{i}]" for i, text in texts if not is_short(text))


def fits(entry: str | VocabEntry) -> bool:
    """Tell whether an entry of the dictionary is short enough to be used."""
    return is_short(entry if isinstance(entry, str) else entry.content)


def is_short(text: str) -> bool:
    """The same for one spelling."""
    words = text.split()
    return len(words) <= MAX_VOCAB_WORDS and all(
        len(word) <= MAX_VOCAB_WORD_LENGTH for word in words
    )


def translation_warnings(message: StartRecognition) -> Iterator[WarningMessage]:
    """Say of each target language that it cannot be had, and that none is left."""
    if message.translation_config is None or not message.translation_config.target_languages:
        return  # an empty list is what some clients always send
    source = message.transcription_config.language
    for target in message.translation_config.target_languages:
        yield WarningMessage(
            type="unsupported_translation_pair",
            reason=f"translation from {source} to {target} is not available on this server",
        )
    yield WarningMessage(
        type="empty_translation_target_list",
        reason="no target language is left; nothing is translated",
    )
