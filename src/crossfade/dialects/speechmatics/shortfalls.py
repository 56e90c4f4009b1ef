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

FEWEST_SPEAKERS = 2
"""The smallest bound on the number of speakers that this protocol takes."""

_SETTLED = ("keyterms", "vad_threshold")
"""Settings of a change that this protocol has no word for."""


def lost_changes(change: Reconfigure) -> Iterator[str]:
    """Say, one line each, what of a change is left out."""
    for name in _SETTLED:
        if getattr(change, name) is not None:
            yield f"{name}: dropped, it cannot change during a session"


def shortfalls(
    config: SessionConfig, *, max_trigger_s: float, max_delay_s: tuple[float, float]
) -> tuple[str, ...]:
    """Say, one line each, what is changed or left out on the way to the wire.

    Args:
        config: What is wanted.
        max_trigger_s: The longest silence that can end a turn.
        max_delay_s: The shortest and the longest delay of a final.
    """
    return (*_of_turns(config.endpointing, max_trigger_s), *_of_the_rest(config, max_delay_s))


def _of_turns(endpointing: Endpointing, max_trigger_s: float) -> Iterator[str]:
    match endpointing:
        case ConfidenceEndpointing() | PunctuationEndpointing():
            silence_ms = endpointing.max_silence_ms
            yield f"endpointing: degraded, turns end after {silence_ms} ms of silence, never sooner"
        case SilenceEndpointing(silence_ms=silence_ms):
            pass
        case _:
            return
    if silence_ms > max_trigger_s * 1000:
        yield f"endpointing: degraded, turns end after {max_trigger_s:g} s of silence at the latest"


def _of_the_rest(config: SessionConfig, max_delay_s: tuple[float, float]) -> Iterator[str]:
    shortest_s, longest_s = max_delay_s
    if not shortest_s <= config.max_delay_ms / 1000 <= longest_s:
        yield f"max_delay_ms: adapted, it can be {shortest_s:g} to {longest_s:g} s"
    if config.vad_threshold is not None:
        yield "vad_threshold: dropped, this protocol has none"
    most = None if config.speaker_labels is None else config.speaker_labels.max_speakers
    if most is not None and most < FEWEST_SPEAKERS:
        yield f"speaker_labels: adapted, at least {FEWEST_SPEAKERS} speakers can be asked for"
