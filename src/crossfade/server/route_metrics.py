"""How a recognizer's backends fare, for Prometheus: looked at when somebody asks."""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from crossfade.recognizers.routes import (
    BREAKER_STATES,
    BackendStatus,
    Routed,
    Shadowing,
    ShadowStatus,
)


class RouteCollector(Collector):
    """Instruments of the backends of one recognizer; their names are the operator's, and few."""

    def __init__(self, recognizer: Routed) -> None:
        self._recognizer = recognizer

    def describe(self) -> Iterable[Metric]:
        """Name nothing at registration."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """See ``Collector.collect``."""
        backends = self._recognizer.backends()
        yield _sessions(backends)
        yield _breakers(backends)
        yield _moves(backends)


class ShadowCollector(Collector):
    """Instruments of a second backend that hears some sessions too."""

    def __init__(self, recognizer: Shadowing) -> None:
        self._recognizer = recognizer

    def describe(self) -> Iterable[Metric]:
        """Name nothing at registration."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """See ``Collector.collect``."""
        status = self._recognizer.shadow()
        if status is not None:
            yield _recording(status)
            yield _outcomes(status)


def _sessions(backends: Sequence[BackendStatus]) -> Metric:
    family = GaugeMetricFamily(
        "crossfade_backend_sessions", "Sessions open with a backend.", labels=["backend"]
    )
    for backend in backends:
        family.add_metric([backend.name], backend.sessions)
    return family


def _breakers(backends: Sequence[BackendStatus]) -> Metric:
    family = GaugeMetricFamily(
        "crossfade_backend_breaker",
        "0 a backend is asked, 1 it is tried with one session, 2 it is passed by.",
        labels=["backend"],
    )
    for backend in backends:
        family.add_metric([backend.name], BREAKER_STATES.index(backend.breaker))
    return family


def _moves(backends: Sequence[BackendStatus]) -> Metric:
    family = CounterMetricFamily(
        "crossfade_backend_moves",
        "Sessions that went on elsewhere: failover, where the backend let them down, or rollover, "
        "where its session was about to reach its greatest length.",
        labels=["backend", "kind", "cause"],
    )
    for backend in backends:
        for moves in backend.moves:
            family.add_metric([backend.name, moves.kind, moves.cause], moves.n)
    return family


def _recording(status: ShadowStatus) -> Metric:
    family = GaugeMetricFamily(
        "crossfade_shadow_sessions",
        "Sessions that a second backend hears too, for comparison.",
        labels=["backend"],
    )
    family.add_metric([status.name], status.recording)
    return family


def _outcomes(status: ShadowStatus) -> Metric:
    family = CounterMetricFamily(
        "crossfade_shadows",
        "Sessions that were to be heard by a second backend too: recorded, or not to the "
        "end, by cause.",
        labels=["backend", "outcome"],
    )
    for outcome, n in status.outcomes.items():
        family.add_metric([status.name, outcome], n)
    return family
