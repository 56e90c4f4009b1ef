"""The page ``docs/metrics.md``, made from the instruments themselves.

``python -m crossfade.server.metrics_page > docs/metrics.md`` writes it anew.
"""

import sys

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from crossfade.recognizers.load import WAIT_BUCKETS_S, Load, QueueLoad, Rung
from crossfade.recognizers.routes import BackendStatus, Moves, ShadowStatus
from crossfade.server.limits import Slots
from crossfade.server.load_metrics import LoadCollector
from crossfade.server.metrics import Instrument, Metrics
from crossfade.server.route_metrics import RouteCollector, ShadowCollector

_HEAD = """\
# Metrics

<!-- Made from the instruments by `python -m crossfade.server.metrics_page`. -->

`GET /metrics` has them in Prometheus' text format; `--metrics-port` moves them to a port of their
own, so that they are not where clients are. Counters end in `_total` there, histograms in
`_bucket`, `_sum` and `_count`.

Labels are few and their values bounded: `dialect` is a protocol, `cause`, `type`, `outcome` and
`queue` are words of this program, `key` is the name of a key, of at most 200. Never a session, and
never a key itself.

`deploy/grafana/crossfade.json` is a dashboard of them, to be imported into Grafana.

| Metric | Kind | Labels | Meaning |
|---|---|---|---|
"""

_LOAD = """
## Load

Of a recognizer that decodes on this machine. The queues come in the order in which audio passes
them: the inbox, a queue of decodes, and `crossfade_outgoing_wait_seconds` above.

| Metric | Kind | Labels | Meaning |
|---|---|---|---|
"""

_BACKENDS = """
## Backends

Of a route with vendors or with several backends ([gateway.md](gateway.md)). `backend` is the
operator's name of one, `kind` is `failover` or `rollover`; `cause` is `credential`, `capacity`,
`request`, `time`, `gone`, `fault`, `stalled` (takes no audio) or `deaf` (says nothing to speech).

| Metric | Kind | Labels | Meaning |
|---|---|---|---|
"""

_PROCESS = """
## Process

On Linux, from Prometheus' own client: `process_cpu_seconds`, `process_max_fds`, `process_open_fds`,
`process_resident_memory_bytes`, `process_start_time_seconds`, `process_virtual_memory_bytes`.

## What to watch

* `crossfade_overload` above 1 for a minute, or the 95th percentile of the urgent wait above 0.2 s:
  the machine has more sessions than it should. `--max-sessions` sets another number than the one
  measured at the start.
* `crossfade_partial_lag_seconds` and `crossfade_final_lag_seconds` are this server's part of the
  lag: they begin when audio arrives, so a client that sends late or a network that is slow does not
  show. A file pushed at full speed does: its words wait for those before them.
* `crossfade_decode_cpu_seconds` over `crossfade_audio_seconds` is the cost of a second of audio;
  `crossfade_real_time_factor` is the same for single sessions. Below 1 a core keeps up.
  What `process_cpu_seconds` has above `crossfade_model_cpu_seconds` went into everything else:
  sockets, messages, word times.
* `crossfade_backend_breaker` at 2 for minutes: a backend is down, or does not accept the key;
  `crossfade_backend_moves` by cause says which.
* `crossfade_errors{type="bug"}` should stay at 0; the log has the traceback.
"""


class _Idle:
    """A recognizer with nothing to do, to see what is told about one."""

    def load(self) -> Load:
        quiet = QueueLoad(waiting=0, waits=(0,) * (len(WAIT_BUCKETS_S) + 1), waited_s=0.0)
        return Load(
            rung=Rung.CALM,
            partial_wait_s=0.0,
            urgent=quiet,
            partial=quiet,
            partials_skipped=0,
            decode_cpu_s=0.0,
            model_cpu_s=0.0,
            inbox_s=0.0,
        )


class _Route:
    """A route with one backend, to see what is told about it."""

    def backends(self) -> tuple[BackendStatus, ...]:
        moves = (Moves(kind="failover", cause="gone", n=0),)
        return (BackendStatus(name="aai", sessions=0, breaker="closed", moves=moves),)

    def shadow(self) -> ShadowStatus:
        return ShadowStatus(name="sm", recording=0, outcomes={"recorded": 0})


def page() -> str:
    """Return ``docs/metrics.md``."""
    ours = "".join(map(_line, Metrics(Slots()).instruments))
    load = _lines(LoadCollector(_Idle()))
    backends = _lines(RouteCollector(_Route())) + _lines(ShadowCollector(_Route()))
    return _HEAD + ours + _LOAD + load + _BACKENDS + backends + _PROCESS


def _lines(collector: Collector) -> str:
    return "".join(
        _line(
            Instrument(
                name=family.name,
                kind=family.type,
                labels=_labels(family),
                help=family.documentation,
            )
        )
        for family in collector.collect()
    )


def _labels(family: Metric) -> tuple[str, ...]:
    names = {name: None for sample in family.samples for name in sample.labels if name != "le"}
    return tuple(names)


def _line(instrument: Instrument) -> str:
    labels = ", ".join(f"`{label}`" for label in instrument.labels)
    about = instrument.help.removesuffix(".")
    return f"| `{instrument.name}` | {instrument.kind} | {labels} | {about} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
