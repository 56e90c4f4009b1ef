"""What a client of ours may ask for and this protocol has no word for, by `mapping.md`."""

from collections.abc import Iterator

from crossfade.model import ContainerAudio, PunctuationEndpointing, SessionConfig, SpeakerLabels

_UNSAID = SessionConfig(language="", audio=ContainerAudio())
"""What a configuration holds where nobody chose anything."""


def shortfalls(config: SessionConfig) -> tuple[str, ...]:
    """Say, one line each, what is changed or left out on the way to the wire."""
    return tuple(_shortfalls(config))


def _shortfalls(config: SessionConfig) -> Iterator[str]:
    if config.max_delay_ms != _UNSAID.max_delay_ms:
        yield "max_delay_ms: dropped, words are final when their turn ends"
    if isinstance(config.endpointing, PunctuationEndpointing):
        yield "endpointing: degraded, the longest turn cannot be chosen"
    if any(term.sounds_like for term in config.keyterms):
        yield "keyterms: degraded, other spellings are dropped"
    if config.volume_wanted:
        yield "volume_wanted: dropped, words have no volume"
    labels = config.speaker_labels or SpeakerLabels()
    if labels.known or labels.sensitivity != SpeakerLabels().sensitivity:
        yield "speaker_labels: degraded, known speakers and the sensitivity are dropped"
