"""A comparison as people read it in a terminal: figures by side, then the worst recordings."""

from collections.abc import Iterator

from rich.console import Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from crossfade.cli.benchmark_tables import machine
from crossfade.compare.figures import NOTHING, figures, percent
from crossfade.compare.report import ClipReport, Comparison

WORST_SHOWN = 10


def comparison(report: Comparison) -> Group:
    """Lay everything out."""
    parts: list[RenderableType] = [_figures(report)]
    if report.clips > 1:
        parts.append(_worst(report))
    parts += [Text(line) for line in _remarks(report)]
    return Group(*parts)


def _figures(report: Comparison) -> Table:
    table = Table(title=_title(report), caption=_footing(report), caption_justify="left")
    table.add_column("")
    for side in report.sides:
        table.add_column(f"{side.letter}  {side.name}", justify="right", overflow="fold")
    for group in figures(report):
        for figure in group.figures:
            table.add_row(figure.name, *figure.values)
        table.add_section()
    return table


def _worst(report: Comparison) -> Table:
    shown = report.recordings[:WORST_SHOWN]
    title = "Recordings, the greatest differences first"
    if len(shown) < report.clips:
        title += f" ({len(shown)} of {report.clips})"
    table = Table(title=title)
    for heading in ("", "s", "differ %", *(side.letter for side in report.sides)):
        justify: JustifyMethod = "right" if heading else "left"
        table.add_column(heading, justify=justify, overflow="fold")
    for clip in shown:
        differ = NOTHING if clip.difference is None else percent(clip.difference)
        table.add_row(clip.name, f"{clip.audio_ms / 1000:.0f}", differ, *_each(clip))
    return table


def _each(clip: ClipReport) -> Iterator[str]:
    for side in clip.sides.values():
        if side.failed:
            yield "failed"
        elif side.wer is not None:
            yield f"{100 * side.wer:.1f} %"
        else:
            yield f"{side.words} words"


def _title(report: Comparison) -> str:
    recordings = "1 recording" if report.clips == 1 else f"{report.clips} recordings"
    return f"{len(report.sides)} sides, {recordings}, {report.audio_s:.0f} s"


def _footing(report: Comparison) -> str:
    if report.pacing is None:
        return "recorded sessions; lags by the clock of the server that recorded them"
    pace = "in real time" if report.pacing.real_time else "as fast as possible: no lags"
    lines = [f"chunks of {report.pacing.chunk_ms} ms, {pace}", machine()]
    return "\n".join(lines)


def _remarks(report: Comparison) -> Iterator[str]:
    for side in report.sides:
        for note in side.notes:
            yield f"{side.letter}: {note}"
        price = side.price
        if price is not None:
            yield " ".join(
                filter(None, (f"{side.letter}: price by {price.source}", price.date, price.what))
            )
    for missing in report.not_recorded:
        yield f"not recorded: {missing}"
    for letter, result in report.results.items():
        for failure in result.failures:
            yield f"{letter} failed: {failure}"
