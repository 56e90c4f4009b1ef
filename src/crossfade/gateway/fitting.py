"""What a session asks for, cut to what the far dialect can carry. Pure functions.

Only what would make the far side refuse is cut here; what its protocol cannot say, its client end
leaves out and notes by itself. Setting by setting: the dialects' ``counterparts``.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from crossfade.dialects.base import Vendor
from crossfade.errors import ConfigError
from crossfade.model import KeyTerm, Reconfigure, SessionConfig, Speaker


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A configuration that can be sent, and what that cost."""

    config: SessionConfig
    notes: tuple[str, ...]
    """One line each: the setting, its verdict, why. No words of the user's."""


def fitted(config: SessionConfig, vendor: Vendor) -> Fitted:
    """Cut a configuration to what a vendor takes.

    Raises:
        ConfigError: If the vendor does not know the language; ``field`` is ``language``.
    """
    if config.language not in vendor.languages:
        known = ", ".join(sorted(vendor.languages))
        raise ConfigError(f"language {config.language} is none of {known}", field="language")
    keyterms = fitting_keyterms(config.keyterms, vendor)
    notes = tuple(_notes(config, keyterms, vendor))
    return Fitted(config=replace(config, keyterms=keyterms), notes=notes)


def fitted_change(change: Reconfigure, vendor: Vendor) -> Reconfigure:
    """Cut a change in the same way."""
    if change.keyterms is None:
        return change
    return replace(change, keyterms=fitting_keyterms(change.keyterms, vendor))


def fitting_keyterms(terms: tuple[KeyTerm, ...], vendor: Vendor) -> tuple[KeyTerm, ...]:
    """Keep the terms that are short enough, and of those as many as the vendor takes."""
    longest = vendor.longest_keyterm_chars
    short_enough = [term for term in terms if longest is None or len(term.text) <= longest]
    return tuple(short_enough[: vendor.most_keyterms])


def _notes(config: SessionConfig, kept: tuple[KeyTerm, ...], vendor: Vendor) -> Iterator[str]:
    n_lost = len(config.keyterms) - len(kept)
    if n_lost:
        rule = f"at most {vendor.most_keyterms}"
        if vendor.longest_keyterm_chars is not None:
            rule += f" of {vendor.longest_keyterm_chars} characters"
        yield f"keyterms: degraded, {n_lost} of {len(config.keyterms)} are dropped, {rule}"
    if any(speaker.identifiers for speaker in _known(config)) and not vendor.tells_speakers:
        yield "speaker_labels: degraded, prints of voices made elsewhere are of no use"


def _known(config: SessionConfig) -> tuple[Speaker, ...]:
    return () if config.speaker_labels is None else config.speaker_labels.known
