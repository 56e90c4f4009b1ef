"""What the server counts, for Prometheus. Labels are few by design: never a key, never a session.

Each server has its own registry, so that two of them in one process do not add up.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from crossfade.errors import CredentialError, CrossfadeError
from crossfade.model import Event, Final, Partial, TurnEnded
from crossfade.server.limits import Slots

_SESSION_BUCKETS_S = (1, 5, 15, 60, 300, 900, 3600, 10800, 43200)


class Metrics:
    """Every instrument of one server."""

    def __init__(self, slots: Slots) -> None:
        self._registry = registry = CollectorRegistry()
        dialect = ("dialect",)
        self.active = Gauge(
            "crossfade_sessions_active", "Sessions that hold a slot.", dialect, registry=registry
        )
        self.sessions = Counter(
            "crossfade_sessions", "Sessions that got a slot.", dialect, registry=registry
        )
        self.session_seconds = Histogram(
            "crossfade_session_seconds",
            "Wall time of sessions, from connection to the end.",
            dialect,
            buckets=_SESSION_BUCKETS_S,
            registry=registry,
        )
        self.refusals = Counter(
            "crossfade_refusals",
            "Connections that never became a session, by cause.",
            ("dialect", "cause"),
            registry=registry,
        )
        self.errors = Counter(
            "crossfade_errors",
            "Sessions that ended with an error, by type.",
            ("dialect", "type"),
            registry=registry,
        )
        self.unhonoured = Counter(
            "crossfade_unhonoured_settings",
            "Settings that clients asked for and that this server went on without.",
            dialect,
            registry=registry,
        )
        self.audio_seconds = Counter(
            "crossfade_audio_seconds", "Audio received.", dialect, registry=registry
        )
        self.partials = Counter(
            "crossfade_partials", "Partials recognized.", dialect, registry=registry
        )
        self.finals = Counter("crossfade_finals", "Finals recognized.", dialect, registry=registry)
        self.words = Counter("crossfade_words", "Words in finals.", dialect, registry=registry)
        self.turns = Counter("crossfade_turns", "Turns that ended.", dialect, registry=registry)
        total = Gauge("crossfade_slots", "Sessions admitted at once.", registry=registry)
        total.set_function(lambda: slots.total)
        free = Gauge("crossfade_slots_free", "Slots not taken.", registry=registry)
        free.set_function(lambda: slots.free)

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self._registry)

    def refused(self, dialect: str, error: CrossfadeError) -> None:
        """Count a connection that never became a session."""
        self.refusals.labels(dialect, _cause(error)).inc()

    def failed(self, dialect: str, error: CrossfadeError) -> None:
        """Count a session that ended with an error."""
        self.errors.labels(dialect, _cause(error)).inc()


class Tally:
    """One session's counts, added to the server's as they come.

    Finding an instrument by its label costs more than counting, so it is done once a session.
    """

    def __init__(self, metrics: Metrics, dialect: str) -> None:
        self._dialect = dialect
        self._turns_ended = 0
        self._audio_ms = 0
        self._session_ms = 0
        self._active = metrics.active.labels(dialect)
        self._sessions = metrics.sessions.labels(dialect)
        self._unhonoured = metrics.unhonoured.labels(dialect)
        self._session_seconds = metrics.session_seconds.labels(dialect)
        self._audio_seconds = metrics.audio_seconds.labels(dialect)
        self._partials = metrics.partials.labels(dialect)
        self._finals = metrics.finals.labels(dialect)
        self._words = metrics.words.labels(dialect)
        self._turns = metrics.turns.labels(dialect)

    @contextmanager
    def session(self, *, n_notes: int) -> Iterator[None]:
        """Count the session as active; ``n_notes``: settings that it goes on without."""
        self._sessions.inc()
        self._unhonoured.inc(n_notes)
        with self._active.track_inprogress():
            yield

    def count(self, event: Event, audio_ms: int) -> None:
        """Count one event, and the audio that the session has received so far."""
        if isinstance(event, Partial):
            self._partials.inc()
        elif isinstance(event, Final):
            self._finals.inc()
            self._words.inc(len(event.words))
            self._heard(audio_ms)
        elif isinstance(event, TurnEnded):
            self._turns_ended += 1
            self._turns.inc()

    def ended(self, *, audio_ms: int, session_ms: int) -> None:
        """Count what is only known at the end."""
        self._heard(audio_ms)
        self._session_ms = session_ms
        self._session_seconds.observe(session_ms / 1000)

    def __str__(self) -> str:
        # Below 1 is faster than real time: a file. Live audio comes out at 1 or a little above.
        factor = self._session_ms / self._audio_ms if self._audio_ms else 0.0
        return (
            f"dialect={self._dialect} session_ms={self._session_ms} audio_ms={self._audio_ms}"
            f" turns={self._turns_ended} real_time_factor={factor:.3f}"
        )

    def _heard(self, audio_ms: int) -> None:
        self._audio_seconds.inc((audio_ms - self._audio_ms) / 1000)
        self._audio_ms = audio_ms


def _cause(error: CrossfadeError) -> str:
    name = type(error).__name__.removesuffix("Error").lower()
    return f"{name}_{error.cause}" if isinstance(error, CredentialError) else name
