"""Who is compared: a target, what its sessions ask for, what it costs.

All sides are asked for the same, but for what their specification says; what a protocol cannot
carry of it stands in the notes, and those stand in every report.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from crossfade.bench.playing import session_config
from crossfade.bench.target import Target
from crossfade.compare.prices import Price
from crossfade.dialects.base import Dialect
from crossfade.errors import ConfigError
from crossfade.model import ConfidenceEndpointing, SessionConfig

LETTERS = "ABCDEFGH"
"""What sides are called, and how many there may be."""

LONGEST_S = 60.0

_SPECIFICATION = re.compile(r"(?P<who>.+?)(?::(?P<settings>\w+=[^:/?]*))?")
_SETTINGS = ("max_delay", "silence")
_SECRETS = re.compile(
    r"(?<=://)[^/@?]*@|(?<=[?&]token=)[^&#]+|(?<=[?&]jwt=)[^&#]+|(?<=[?&]key=)[^&#]+"
    r"|(?<=[?&]api_key=)[^&#]+",
    re.IGNORECASE,
)


class Rules(Struct, frozen=True, kw_only=True):
    """What a session is asked for: the same for all sides, unless one says otherwise."""

    language: str = "en"
    max_delay_ms: int = 2000
    """Longest wait of a word for its final."""
    turn_silence_ms: int = 800
    """Silence that ends a turn."""


class Specification(Struct, frozen=True, kw_only=True):
    """One side as somebody typed it."""

    text: str
    """Without the credentials that a URL may hold."""
    backend: str | None = None
    """A name of the configuration; ``None``: a server at ``url``."""
    dialect: str | None = None
    url: str | None = None
    rules: Rules


class SideFacts(Struct, frozen=True, kw_only=True):
    """What a report says about a side."""

    letter: str
    name: str
    """As it was typed."""
    target: str
    dialect: str | None
    rules: Rules | None
    """``None``: nobody knows; each session had its own."""
    notes: tuple[str, ...] = ()
    """What its protocol cannot carry of them."""
    price: Price | None = None


@dataclass(frozen=True)
class Side:
    """One of those that are compared."""

    facts: SideFacts
    target: Target
    config: SessionConfig

    @property
    def letter(self) -> str:
        """What it is called."""
        return self.facts.letter


def parse(text: str, rules: Rules) -> Specification:
    """Read ``NAME`` or ``DIALECT=URL``, with settings of its own behind a colon.

    ``local:max_delay=0.7,silence=0.5``; times are in seconds.

    Raises:
        ConfigError: If a setting is unknown or its value is not one; ``field`` is ``side``.
    """
    found = _SPECIFICATION.fullmatch(text)
    if found is None:
        raise ConfigError("a side needs a name", field="side")
    who, settings = found["who"], found["settings"]
    shown = without_secrets(who) + (f":{settings}" if settings else "")
    own = _own_rules(shown, settings, rules)
    dialect, equals, url = who.partition("=")
    if equals and url.startswith(("ws://", "wss://")):
        return Specification(text=shown, dialect=dialect, url=url, rules=own)
    return Specification(text=shown, backend=who, rules=own)


def without_secrets(text: str) -> str:
    """Leave out the credentials in a URL: reports are handed on."""
    return _SECRETS.sub("…", text)


def _own_rules(text: str, settings: str | None, rules: Rules) -> Rules:
    changes: dict[str, int] = {}
    for part in settings.split(",") if settings else ():
        name, _, value = part.partition("=")
        if name not in _SETTINGS:
            known = ", ".join(_SETTINGS)
            raise ConfigError(f"{text}: a side has no setting {name!r}, only {known}", field="side")
        changes["max_delay_ms" if name == "max_delay" else "turn_silence_ms"] = _ms(text, value)
    return msgspec.structs.replace(rules, **changes)


def _ms(text: str, value: str) -> int:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_S:
        message = f"{text}: {value!r} is no time in seconds, up to {LONGEST_S:g}"
        raise ConfigError(message, field="side")
    return round(1000 * seconds)


def config_of(rules: Rules) -> SessionConfig:
    """Say what a session asks for: as benchmarks ask, with the silence that was chosen."""
    silence = ConfidenceEndpointing(
        min_silence_ms=rules.turn_silence_ms, max_silence_ms=rules.turn_silence_ms, threshold=0.5
    )
    config = session_config(max_delay_ms=rules.max_delay_ms, language=rules.language)
    return msgspec.structs.replace(config, endpointing=silence)


def notes_of(dialect: Dialect, url: str, config: SessionConfig) -> tuple[str, ...]:
    """Ask a dialect what it cannot carry of a configuration.

    Raises:
        ConfigError: If it cannot carry it at all.
    """
    end = dialect.client()
    end.request(url, key=None, config=end.audio_format(config))
    return end.notes


def letters(specifications: Sequence[Specification]) -> str:
    """Name them.

    Raises:
        ConfigError: If they are fewer than two or too many; ``field`` is ``side``.
    """
    if not 2 <= len(specifications) <= len(LETTERS):
        raise ConfigError(f"a comparison has 2 to {len(LETTERS)} sides", field="side")
    return LETTERS[: len(specifications)]
