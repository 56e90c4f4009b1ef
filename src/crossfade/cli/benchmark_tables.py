"""Benchmarks as people read them. Every table says what its figures rest on."""

from collections.abc import Iterator

from rich.table import Table

from crossfade.bench.accuracy import AccuracyReport, Scores
from crossfade.bench.lags import Spread
from crossfade.bench.load import LoadReport
from crossfade.bench.machine import hardware
from crossfade.bench.playing import Pacing
from crossfade.cli.benchmarks import Result


def load(result: Result) -> Table:
    """Lay out a run under load."""
    report = result.report
    assert isinstance(report, LoadReport)
    table = Table(title=_title(report), caption=_footing(report), caption_justify="left")
    for heading in ("", "p50", "p95"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, values in (
        ("word to first sight (ms)", report.partial_lag_ms),
        ("word to final (ms)", report.final_lag_ms),
        ("end of speech to last final (ms)", report.final_segment_ms),
        ("turn decided to told (ms)", report.after_turn_ms),
    ):
        table.add_row(name, *_cells(values))
    table.add_section()
    for name, value in _facts(report):
        table.add_row(name, value)
    return table


def accuracy(result: Result) -> Table:
    """Lay out word errors by category."""
    report = result.report
    assert isinstance(report, AccuracyReport)
    table = Table(
        title=f"Accuracy: {report.target}",
        caption=f"max_delay {report.max_delay_ms} ms, {_pace(report.pacing)}\n{_machine()}",
        caption_justify="left",
    )
    for heading in ("", "clips", "s", "WER %", "whole %", "times ms", "AUC", "ECE"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, scores in report.categories.items():
        table.add_row(name, *_scores(scores))
    table.add_section()
    table.add_row("all", *_scores(report.all))
    return table


def _title(report: LoadReport) -> str:
    verdict = "kept up" if report.kept_up else "not kept up"
    streams = "1 stream" if report.streams == 1 else f"{report.streams} streams"
    return f"{streams}, {verdict}: {report.target}"


def _facts(report: LoadReport) -> Iterator[tuple[str, str]]:
    yield "word error rate (%)", _percent(report.wer)
    if report.wer_alone is not None:
        yield "... without load (%)", _percent(report.wer_alone)
    if report.fairness.worst_over_median is not None and report.streams > 1:
        yield "worst stream's p95 / median's", f"{report.fairness.worst_over_median:.2f}"
    if report.cpu_cores.engine is not None:
        yield "cores kept busy", f"{report.cpu_cores.engine:.2f} of {report.cores}"
    if report.cpu_cores.generator is not None:
        yield "... by playing and reading", f"{report.cpu_cores.generator:.2f}"
    yield "words", str(report.words)
    for broken in report.limits_broken:
        yield broken, ""


def _footing(report: LoadReport) -> str:
    share = f"{100 * report.speech_share:.0f} % speech"
    length = f"{report.seconds:g} s each, {share}, {_pace(report.pacing)}"
    rules = f"max_delay {report.max_delay_ms} ms, turns end after {report.turn_silence_ms} ms"
    return f"{length}\n{rules}\n{_machine()}"


def _pace(pacing: Pacing) -> str:
    pace = "in real time" if pacing.real_time else "as fast as possible"
    return f"chunks of {pacing.chunk_ms} ms {pace}"


def _machine() -> str:
    machine = hardware()
    return f"{machine.cpu}, {machine.cores} cores, {' '.join(machine.instructions or ())}"


def _cells(values: Spread) -> tuple[str, str]:
    return _whole(values.p50), _whole(values.p95)


def _scores(scores: Scores) -> tuple[str, ...]:
    return (
        str(scores.recordings),
        f"{scores.audio_s:.0f}",
        _percent(scores.wer),
        "-" if scores.wer_whole is None else _percent(scores.wer_whole),
        _whole(scores.word_times.mean),
        _share(scores.confidence.auc),
        _share(scores.confidence.ece),
    )


def _whole(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _percent(rate: float) -> str:
    return f"{100 * rate:.1f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
