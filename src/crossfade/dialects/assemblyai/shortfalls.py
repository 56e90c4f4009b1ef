"""What a client of ours may ask for and this protocol has no word for, by `mapping.md`."""

from collections.abc import Iterator

from crossfade.dialects.assemblyai.models import DOMAINS, MULTILINGUAL_CODES
from crossfade.dialects.assemblyai.parameters import MAX_SPEAKERS
from crossfade.dialects.assemblyai.wishes import finds_language
from crossfade.model import (
    ContainerAudio,
    PunctuationEndpointing,
    Reconfigure,
    SessionConfig,
    SpeakerLabels,
)

FORCE = "force: degraded, the turn ends at the audio sent so far, not at the position asked for"
"""Where a forced end of a turn names a position."""

_SETTLED = ("partials_wanted", "max_delay_ms", "volume_wanted", "volume_threshold")
"""Settings of a change that this protocol has no word for."""

_UNSAID = SessionConfig(language="", audio=ContainerAudio())
"""What a configuration holds where nobody chose anything."""


def shortfalls(config: SessionConfig) -> tuple[str, ...]:
    """Say, one line each, what is changed or left out on the way to the wire."""
    return tuple(_shortfalls(config))


def lost_changes(config: SessionConfig, change: Reconfigure) -> Iterator[str]:
    """Say, one line each, what of a change is left out; what is as it was is no change."""
    for name in _SETTLED:
        if getattr(change, name) not in (None, getattr(config, name)):
            yield f"{name}: dropped, it cannot change during a session"


def _shortfalls(config: SessionConfig) -> Iterator[str]:
    if finds_language(config):
        yield f"language: adapted, the model finds out which of {', '.join(MULTILINGUAL_CODES)}"
    if config.max_delay_ms != _UNSAID.max_delay_ms:
        yield "max_delay_ms: degraded, words are final when their turn ends"
    if isinstance(config.endpointing, PunctuationEndpointing):
        yield "endpointing: degraded, the longest turn cannot be chosen"
    if any(term.sounds_like for term in config.keyterms):
        yield "keyterms: degraded, other spellings are dropped"
    if config.domain is not None and config.domain not in DOMAINS.values():
        yield "domain: dropped, this protocol has no such one"
    if config.volume_wanted:
        yield "volume_wanted: dropped, words have no volume"
    labels = config.speaker_labels or SpeakerLabels()
    if labels.max_speakers is not None and labels.max_speakers > MAX_SPEAKERS:
        yield f"speaker_labels: adapted, at most {MAX_SPEAKERS} speakers can be asked for"
    if labels.known or labels.sensitivity != SpeakerLabels().sensitivity:
        yield "speaker_labels: degraded, known speakers and the sensitivity are dropped"
