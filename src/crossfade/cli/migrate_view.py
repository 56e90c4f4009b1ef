"""What ``crossfade migrate`` shows: tables for people, JSON for programs."""

import difflib
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from crossfade.migrate.converting import Converted
from crossfade.migrate.findings import Finding, Generation, Outcome, Report

if TYPE_CHECKING:
    from crossfade.migrate.rewriting import Rewritten

ORDER: tuple[Outcome, ...] = ("kept", "adapted", "degraded", "dropped", "unknown")

_STYLES: dict[Outcome, str] = {
    "kept": "green",
    "adapted": "cyan",
    "degraded": "yellow",
    "dropped": "bold red",
    "unknown": "bold red",
}
_AGES = {"current": "", "superseded": "superseded", "retired": "RETIRED"}


def as_json(report: Report) -> dict[str, object]:
    """The report as decoded JSON."""
    return {
        "files": report.n_files,
        "loses": report.loses,
        "verdicts": {verdict: report.verdicts[verdict] for verdict in ORDER},
        "generations": msgspec.to_builtins(report.generations),
        "findings": msgspec.to_builtins(report.findings),
        "unread": msgspec.to_builtins(report.unread),
    }


def show(report: Report) -> None:
    """Print a table for each file, and the sum of them."""
    console = Console(highlight=False)
    for path in _paths(report):
        _show_file(
            console,
            path,
            [generation for generation in report.generations if generation.path == path],
            [finding for finding in report.findings if finding.path == path],
        )
    for unread in report.unread:
        click.echo(f"{unread.path}: {unread.reason}", err=True)
    console.print(_sum(report))


def _paths(report: Report) -> list[str]:
    return list(dict.fromkeys(generation.path for generation in report.generations))


def _show_file(
    console: Console, path: str, generations: Sequence[Generation], findings: Sequence[Finding]
) -> None:
    console.print(Text(path, style="bold"))
    for generation in generations:
        console.print(Padding(_told(generation), (0, 0, 0, 2)))
    for (dialect, to), told in groupby(findings, key=lambda item: (item.dialect, item.to)):
        console.print(Padding(Text(f"{dialect} → {to}", style="italic"), (0, 0, 0, 2)))
        console.print(Padding(_table(list(told)), (0, 0, 1, 2)))


def _told(generation: Generation) -> Text:
    text = Text(f"line {generation.line}: {generation.title}")
    if age := _AGES[generation.age]:
        text.append(f", {age}", style="bold yellow")
    if generation.note:
        text.append(f". {generation.note}", style="yellow")
    return text


def _table(findings: Sequence[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("line", justify="right", no_wrap=True)
    for heading in ("what", "verdict", "there", "how"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        table.add_row(
            str(finding.line),
            Text(_short(finding)).append(f" {finding.kind}", style="dim"),
            Text(finding.verdict, style=_STYLES[finding.verdict]),
            Text(finding.becomes or ""),
            Text(finding.text),
        )
    return table


def _short(finding: Finding) -> str:
    """A setting with the object that it stands in; JSON has the whole path."""
    parts = finding.name.split(".")
    return ".".join(parts[-2:] if finding.kind == "setting" else parts)


def _sum(report: Report) -> Text:
    if not report.findings:
        return Text(f"{report.n_files} files read, nothing of a vendor found in them")
    counts = ", ".join(f"{report.verdicts[v]} {v}" for v in ORDER if report.verdicts[v])
    return Text(f"{report.n_files} files read: {counts}")


def show_verdicts(converted: Converted) -> None:
    """Print one line a setting to stderr."""
    for line in _verdict_lines(converted):
        click.echo(line, err=True)


def _verdict_lines(converted: Converted) -> Iterator[str]:
    for finding in converted.findings:
        there = f" → {finding.becomes}" if finding.becomes else ""
        yield f"{finding.verdict}: {finding.name}{there}. {finding.text}"
    for note in converted.notes:
        yield f"note: {note}"


def converted_as_json(converted: Converted) -> dict[str, object]:
    """The conversion as decoded JSON."""
    return {
        "from": converted.dialect,
        "to": converted.to,
        "url": converted.url,
        "message": converted.message,
        "verdicts": [
            {
                "name": finding.name,
                "verdict": finding.verdict,
                "becomes": finding.becomes,
                "text": finding.text,
            }
            for finding in converted.findings
        ],
        "notes": list(converted.notes),
    }


def difference(path: Path, before: str, after: str) -> str:
    """A unified diff."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        fromfile=str(path),
        tofile=str(path),
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def show_marks(target: Path, done: "Rewritten") -> None:
    """Tell on stderr where it was written, and what a person has to look at."""
    click.echo(f"{target}: {len(done.marks)} places are marked", err=True)
    for mark in done.marks:
        click.echo(f"  line {mark.line}: {mark.what}: {mark.why}", err=True)


def rewritten_as_json(target: Path | None, done: "Rewritten") -> dict[str, object]:
    """What was written, as decoded JSON."""
    marks = [{"line": mark.line, "what": mark.what, "why": mark.why} for mark in done.marks]
    return {"output": None if target is None else str(target), "marks": marks}
