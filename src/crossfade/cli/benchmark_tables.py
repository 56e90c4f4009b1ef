"""Benchmarks as people read them. Every table says what its figures rest on."""

from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.table import Table

from crossfade.bench.accuracy import AccuracyReport, Scores
from crossfade.bench.endurance import LongReport
from crossfade.bench.lags import Spread
from crossfade.bench.load import LoadReport
from crossfade.bench.machine import hardware
from crossfade.bench.playing import Pacing
from crossfade.bench.settling import GRACE_MS
from crossfade.bench.turn_curve import TurnCurve
from crossfade.bench.turns import TurnConfidence
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
        table.add_row(name, *cells(values))
    if result.endings is not None:
        table.add_row("forced end of turn answered (ms)", *cells(result.endings.forced_end_ms))
        table.add_row("closed after finish (ms)", *cells(result.endings.close_ms))
    table.add_section()
    for name, value in _facts(report):
        table.add_row(name, value)
    return table


def accuracy(result: Result) -> Group:
    """Lay out word errors by category, for each delay if there are several."""
    report = result.report
    assert isinstance(report, AccuracyReport)
    reports = [run for run in result.runs if isinstance(run, AccuracyReport)]
    tables = [_accuracy(report)]
    if reports:
        tables.append(_delays(reports, report.all.wer_whole))
    if report.all.late_words is not None:
        tables.append(_late_words(reports or [report]))
    if report.turns is not None:
        tables.append(_turns(report.turns))
    return Group(*tables)


def _accuracy(report: AccuracyReport) -> Table:
    table = Table(
        title=f"Accuracy: {report.target}",
        caption=f"max_delay {report.max_delay_ms} ms, {_pace(report.pacing)}\n{machine()}",
        caption_justify="left",
    )
    for heading in ("", "clips", "s", "WER %", "whole %", "times ms", "AUC", "ECE"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, scores in report.categories.items():
        table.add_row(name, *_scores(scores))
    table.add_section()
    table.add_row("all", *_scores(report.all))
    return table


def _delays(reports: Sequence[AccuracyReport], whole: float | None) -> Table:
    table = Table(title="Word errors (%) by the longest wait for a final")
    for heading in ("", *(f"{report.max_delay_ms} ms" for report in reports)):
        table.add_column(heading, justify="left" if not heading else "right")
    for name in reports[0].categories:
        table.add_row(name, *(_percent(report.categories[name].wer) for report in reports))
    table.add_section()
    table.add_row("all", *(_percent(report.all.wer) for report in reports))
    if whole is not None:
        table.add_row("... over whole", *(_points(report.all.wer - whole) for report in reports))
    return table


def _late_words(reports: Sequence[AccuracyReport]) -> Table:
    table = Table(title="Words settled later than max_delay, by the audio's clock")
    for heading in ("", *(f"{report.max_delay_ms} ms" for report in reports)):
        table.add_column(heading, justify="left" if not heading else "right")
    late = [report.all.late_words for report in reports if report.all.late_words is not None]
    table.add_row("words (%)", *(_hundredths(words.late) for words in late))
    beyond = (_hundredths(words.late_beyond_grace) for words in late)
    table.add_row(f"by more than {GRACE_MS} ms (%)", *beyond)
    table.add_row("longest wait (ms)", *(_whole(words.longest_ms) for words in late))
    return table


def _turns(turns: TurnConfidence) -> Table:
    table = Table(title="Turn confidence: higher where the speaker had finished?")
    for heading in ("", "pauses", "complete", "AUC"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, score in (
        ("labelled ends of turns", turns.labelled),
        ("ends of sentences", turns.sentences),
        ("all", turns.all),
    ):
        table.add_row(name, str(score.pauses), str(score.complete), _share(score.auc))
    return table


def turns(result: Result) -> Table:
    """Lay out what each threshold of turn confidence would do."""
    report = result.report
    assert isinstance(report, TurnCurve)
    table = Table(
        title=f"Is it an end? Confidence at {report.silence_ms} ms of silence",
        caption=f"{report.silences} silences, {report.ends} of them ends, in "
        f"{report.recordings} recordings\n{machine()}",
        caption_justify="left",
    )
    for heading in ("above", "silences", "are ends %", "of all ends %"):
        table.add_column(heading, justify="right")
    for point in report.points:
        shares = ("-" if share is None else _percent(share) for share in (point.right, point.found))
        table.add_row(f"{point.threshold:g}", str(point.believed), *shares)
    return table


def long(result: Result) -> Group:
    """Lay out a long session, and what was heard in noise."""
    report = result.report
    assert isinstance(report, LongReport)
    return Group(_speech_windows(report), _noise_kinds(report))


def _speech_windows(report: LongReport) -> Table:
    speech = report.speech
    title = f"{speech.seconds / 60:.0f} minutes of speech without a pause: {report.target}"
    table = Table(title=title, caption=_long_footing(report), caption_justify="left")
    for heading in ("until (min)", "CPU (ms/s)", "memory (MB)", "right words", "times off (ms)"):
        table.add_column(heading, justify="right")
    for window in speech.windows:
        table.add_row(
            f"{window.until_s / 60:.1f}",
            f"{window.cpu_ms_per_s:.1f}",
            _whole(window.resident_mb),
            str(window.words),
            _signed(window.time_error_ms),
        )
    return table


def _noise_kinds(report: LongReport) -> Table:
    minutes = sum(noise.seconds for noise in report.noises) / 60
    table = Table(title=f"{minutes:.0f} minutes without speech", caption=machine())
    for heading in ("", "s", "CPU (ms/s)", "words"):
        table.add_column(heading, justify="left" if not heading else "right")
    for noise in report.noises:
        cost = f"{noise.cpu_ms_per_s:.1f}"
        table.add_row(noise.kind, f"{noise.seconds:.0f}", cost, str(noise.words))
    table.add_section()
    table.add_row("all", "", "", str(report.false_words))
    return table


def _long_footing(report: LongReport) -> str:
    speech = report.speech
    facts = (
        f"furthest from the mean cost: {_percent(speech.cost_deviation)} %; "
        f"memory: {_signed(speech.growth_mb)} MB; drift: {_whole(speech.drift_ms)} ms; "
        f"words wrong: {_percent(speech.wer)} %"
    )
    return "\n".join([facts, *report.limits_broken])


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
    if report.cpu_cores.outside_model is not None:
        yield "... outside the model (%)", _percent(report.cpu_cores.outside_model)
    if report.cpu_cores.generator is not None:
        yield "... by playing and reading", f"{report.cpu_cores.generator:.2f}"
    yield "words", str(report.words)
    for broken in report.limits_broken:
        yield broken, ""


def _footing(report: LoadReport) -> str:
    share = f"{100 * report.speech_share:.0f} % speech"
    length = f"{report.seconds:g} s each, {share}, {_pace(report.pacing)}"
    rules = f"max_delay {report.max_delay_ms} ms, turns end after {report.turn_silence_ms} ms"
    return f"{length}\n{rules}\n{machine()}"


def _pace(pacing: Pacing) -> str:
    pace = "in real time" if pacing.real_time else "as fast as possible"
    return f"chunks of {pacing.chunk_ms} ms {pace}"


def machine() -> str:
    """What it was measured on, in a line."""
    machine = hardware()
    return f"{machine.cpu}, {machine.cores} cores, {' '.join(machine.instructions or ())}"


def cells(values: Spread) -> tuple[str, str]:
    """Show the median and the 95th percentile."""
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


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.0f}"


def _percent(rate: float) -> str:
    return f"{100 * rate:.1f}"


def _hundredths(rate: float | None) -> str:
    return "-" if rate is None else f"{100 * rate:.2f}"


def _points(rate: float) -> str:
    return f"{100 * rate:+.1f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
