"""A recognizer's queues, for Prometheus: looked at when somebody asks, not counted along."""

from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from crossfade.recognizers.load import WAIT_BUCKETS_S, Load, Loaded, QueueLoad

_BOUNDS = (*map(str, WAIT_BUCKETS_S), "+Inf")


class LoadCollector(Collector):
    """Instruments of one recognizer. Nothing is told before it has been started."""

    def __init__(self, recognizer: Loaded) -> None:
        self._recognizer = recognizer

    def describe(self) -> Iterable[Metric]:
        """Name nothing at registration: the recognizer is not there yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """See ``Collector.collect``."""
        load = self._recognizer.load()
        if load is not None:
            yield from _queues({"urgent": load.urgent, "partial": load.partial})
            yield from _figures(load)


def _queues(queues: dict[str, QueueLoad]) -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "crossfade_decodes_waiting", "Decodes in the queue.", labels=["queue"]
    )
    waits = HistogramMetricFamily(
        "crossfade_decode_wait_seconds",
        "How long decodes waited for a thread.",
        labels=["queue"],
    )
    for name, queue in queues.items():
        waiting.add_metric([name], queue.waiting)
        counts = zip(_BOUNDS, accumulate(queue.waits), strict=True)
        waits.add_metric([name], buckets=list(counts), sum_value=queue.waited_s)
    yield waiting
    yield waits


def _figures(load: Load) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "crossfade_inbox_seconds",
        "Audio received and not yet heard, of all sessions.",
        load.inbox_s,
    )
    yield CounterMetricFamily(
        "crossfade_decode_cpu_seconds", "CPU time of decodes.", load.decode_cpu_s
    )
    yield CounterMetricFamily(
        "crossfade_model_cpu_seconds", "CPU time in the networks alone.", load.model_cpu_s
    )
    yield GaugeMetricFamily(
        "crossfade_partial_wait_seconds",
        "Wait of partials for a thread, smoothed: the measure of load.",
        load.partial_wait_s,
    )
    yield CounterMetricFamily(
        "crossfade_partials_skipped",
        "Partials left out because an earlier one of their stream still waited.",
        load.partials_skipped,
    )
    yield GaugeMetricFamily(
        "crossfade_overload",
        "Rung of the ladder: 0 calm, 1 partials rarer, 2 partials skipped, 3 sessions refused.",
        load.rung,
    )
