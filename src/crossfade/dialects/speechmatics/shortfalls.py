"""What a client of ours may ask for and this protocol has no word for, by `mapping.md`."""

from collections.abc import Iterator

from crossfade.model import (
    ConfidenceEndpointing,
    Endpointing,
    PunctuationEndpointing,
    Reconfigure,
    SessionConfig,
    SilenceEndpointing,
)

LONGEST_TRIGGER_S = 2.0
"""The longest silence that can end a turn."""
DELAY_S = (0.7, 4.0)
"""The shortest and the longest delay of a final."""
FEWEST_SPEAKERS = 2
"""The smallest bound on the number of speakers that this protocol takes."""

_SETTLED = ("keyterms", "vad_threshold")
"""Settings of a change that this protocol has no word for."""


def lost_changes(change: Reconfigure) -> Iterator[str]:
    """Say, one line each, what of a change is left out."""
    for name in _SETTLED:
        if getattr(change, name) is not None:
            yield f"{name}: dropped, it cannot change during a session"


def shortfalls(config: SessionConfig) -> tuple[str, ...]:
    """Say, one line each, what is changed or left out on the way to the wire."""
    return (*_of_turns(config.endpointing), *_of_the_rest(config))


def _of_turns(endpointing: Endpointing) -> Iterator[str]:
    match endpointing:
        case ConfidenceEndpointing() | PunctuationEndpointing():
            silence_ms = endpointing.max_silence_ms
            yield f"endpointing: degraded, turns end after {silence_ms} ms of silence, never sooner"
        case SilenceEndpointing(silence_ms=silence_ms):
            pass
        case _:
            return
    if silence_ms > LONGEST_TRIGGER_S * 1000:
        longest_s = LONGEST_TRIGGER_S
        yield f"endpointing: degraded, turns end after {longest_s:g} s of silence at the latest"


def _of_the_rest(config: SessionConfig) -> Iterator[str]:
    shortest_s, longest_s = DELAY_S
    if not shortest_s <= config.max_delay_ms / 1000 <= longest_s:
        yield f"max_delay_ms: adapted, it can be {shortest_s:g} to {longest_s:g} s"
    if config.vad_threshold is not None:
        yield "vad_threshold: dropped, this protocol has none"
    yield from of_speakers(config)


def of_speakers(config: SessionConfig) -> Iterator[str]:
    """Say what is changed of a wish for speakers."""
    most = None if config.speaker_labels is None else config.speaker_labels.max_speakers
    if most is not None and most < FEWEST_SPEAKERS:
        yield f"speaker_labels: adapted, at least {FEWEST_SPEAKERS} speakers can be asked for"
