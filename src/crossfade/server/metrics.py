"""What the server counts, for Prometheus. Labels are few by design: never a session, never a key.

A key's name is the operator's and may be one. Each server has its own registry, so that two of them
in one process do not add up.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from crossfade.errors import CredentialError, CrossfadeError
from crossfade.recognizers.base import Recognizer
from crossfade.recognizers.load import Loaded
from crossfade.recognizers.routes import Routed, Shadowing
from crossfade.server.limits import Slots
from crossfade.server.load_metrics import LoadCollector
from crossfade.server.route_metrics import RouteCollector, ShadowCollector

_SEND_BUCKETS_S = (0.001, 0.01, 0.1, 0.5, 1, 5, 30)
_SESSION_BUCKETS_S = (1, 5, 15, 60, 300, 900, 3600, 10800, 43200)
_LAG_BUCKETS_S = (0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20)
_FACTOR_BUCKETS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1)

MOST_KEYS = 200
"""Names of keys that are counted apart; further ones are counted together, as ``OTHER_KEYS``."""

OTHER_KEYS = "(other keys)"
"""No key can have this name."""

_DIALECT = ("dialect",)


class Instrument(Struct, frozen=True, kw_only=True):
    """What the documentation says about an instrument."""

    name: str
    """Without the suffixes that the text format adds."""
    kind: str
    """``counter``, ``gauge`` or ``histogram``."""
    labels: tuple[str, ...]
    help: str


class Metrics:
    """Every instrument of one server."""

    def __init__(self, slots: Slots, recognizer: Recognizer | None = None) -> None:
        """Begin to count.

        Args:
            slots: Shown as they are.
            recognizer: Shown as it is, where it knows how busy it is, or how its backends fare.
        """
        self._registry = CollectorRegistry()
        self.instruments: list[Instrument] = []
        """All but those of the recognizer, of its backends, and of the process."""
        self.n_sending: defaultdict[str, int] = defaultdict(int)
        """Sessions with a message that their client has not taken yet, of each dialect."""
        self._count_keys: dict[str, Counter] = {}
        self._show_slots(slots)
        self._count_sessions()
        self._count_words()
        self._time_words()
        self._watch_clients()
        if isinstance(recognizer, Loaded):
            self._registry.register(LoadCollector(recognizer))
        if isinstance(recognizer, Routed):
            self._registry.register(RouteCollector(recognizer))
        if isinstance(recognizer, Shadowing):
            self._registry.register(ShadowCollector(recognizer))
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self._registry)

    def refused(self, dialect: str, error: CrossfadeError) -> None:
        """Count a connection that never became a session."""
        self.refusals.labels(dialect, _cause(error)).inc()

    def failed(self, dialect: str, error: CrossfadeError) -> None:
        """Count a session that ended with an error."""
        self.errors.labels(dialect, _cause(error)).inc()

    def of_key(self, name: str) -> Counter:
        """Count audio for a key, or for all those that came when there were many already."""
        if name not in self._count_keys and len(self._count_keys) >= MOST_KEYS:
            name = OTHER_KEYS
        if name not in self._count_keys:
            self._count_keys[name] = self.key_audio_seconds.labels(name)
        return self._count_keys[name]

    # The instruments, as an operator looks for them.

    def _show_slots(self, slots: Slots) -> None:
        total = self._gauge("crossfade_slots", "Sessions admitted at once.")
        total.set_function(lambda: slots.total)
        free = self._gauge("crossfade_slots_free", "Slots that the next sessions can have now.")
        free.set_function(lambda: slots.free)

    def _count_sessions(self) -> None:
        self.active = self._gauge(
            "crossfade_sessions_active", "Sessions that hold a slot.", _DIALECT
        )
        self.sessions = self._counter("crossfade_sessions", "Sessions that got a slot.", _DIALECT)
        self.session_seconds = self._histogram(
            "crossfade_session_seconds",
            "Wall time of sessions, from connection to the end.",
            _DIALECT,
            buckets=_SESSION_BUCKETS_S,
        )
        self.refusals = self._counter(
            "crossfade_refusals",
            "Connections that never became a session, by cause.",
            ("dialect", "cause"),
        )
        self.turned_away = self._counter(
            "crossfade_turned_away",
            "Connections and requests refused for their address, by cause.",
            ("cause",),
        )
        self.errors = self._counter(
            "crossfade_errors", "Sessions that ended with an error, by type.", ("dialect", "type")
        )
        self.unhonoured = self._counter(
            "crossfade_unhonoured_settings",
            "Settings that clients asked for and that this server went on without.",
            _DIALECT,
        )

    def _count_words(self) -> None:
        self.audio_seconds = self._counter("crossfade_audio_seconds", "Audio received.", _DIALECT)
        self.key_audio_seconds = self._counter(
            "crossfade_key_audio_seconds",
            f"Audio received, by the name of the key; from the {MOST_KEYS + 1}st name on together.",
            ("key",),
        )
        self.partials = self._counter("crossfade_partials", "Partials recognized.", _DIALECT)
        self.finals = self._counter("crossfade_finals", "Finals recognized.", _DIALECT)
        self.words = self._counter("crossfade_words", "Words in finals.", _DIALECT)
        self.turns = self._counter("crossfade_turns", "Turns that ended.", _DIALECT)

    def _time_words(self) -> None:
        self.partial_lags = self._histogram(
            "crossfade_partial_lag_seconds",
            "From the arrival of the audio with a word's end to its first partial. Raw audio only.",
            _DIALECT,
            buckets=_LAG_BUCKETS_S,
        )
        self.final_lags = self._histogram(
            "crossfade_final_lag_seconds",
            "From the arrival of the audio with a word's end to its final. Raw audio only.",
            _DIALECT,
            buckets=_LAG_BUCKETS_S,
        )
        self.factors = self._histogram(
            "crossfade_real_time_factor",
            "CPU time of a session's decodes over its audio, as sessions end.",
            _DIALECT,
            buckets=_FACTOR_BUCKETS,
        )

    def _watch_clients(self) -> None:
        tasks = self._gauge("crossfade_tasks", "Tasks of the event loop; some for each session.")
        tasks.set_function(_n_tasks)
        self.sending = self._gauge(
            "crossfade_outgoing_waiting",
            "Sessions with a message that their client has not taken yet.",
            _DIALECT,
        )
        self.send_seconds = self._histogram(
            "crossfade_outgoing_wait_seconds",
            "How long messages waited for their client to take them.",
            _DIALECT,
            buckets=_SEND_BUCKETS_S,
        )
        self.webhooks = self._counter(
            "crossfade_webhooks",
            "Posts that clients asked for: delivered, failed, refused, dropped for lack of room.",
            ("outcome",),
        )

    def _counter(self, name: str, about: str, labels: Sequence[str] = ()) -> Counter:
        self._note(Instrument(name=name, kind="counter", labels=tuple(labels), help=about))
        return Counter(name, about, labels, registry=self._registry)

    def _gauge(self, name: str, about: str, labels: Sequence[str] = ()) -> Gauge:
        self._note(Instrument(name=name, kind="gauge", labels=tuple(labels), help=about))
        return Gauge(name, about, labels, registry=self._registry)

    def _histogram(
        self, name: str, about: str, labels: Sequence[str], *, buckets: Sequence[float]
    ) -> Histogram:
        self._note(Instrument(name=name, kind="histogram", labels=tuple(labels), help=about))
        return Histogram(name, about, labels, buckets=buckets, registry=self._registry)

    def _note(self, instrument: Instrument) -> None:
        self.instruments.append(instrument)


def _n_tasks() -> int:
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:  # looked at from outside of an event loop
        return 0


def _cause(error: CrossfadeError) -> str:
    if type(error) is CrossfadeError:
        return "bug"
    name = type(error).__name__.removesuffix("Error").lower()
    return f"{name}_{error.cause}" if isinstance(error, CredentialError) else name
