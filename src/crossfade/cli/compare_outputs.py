"""Where a comparison goes: onto the screen, into JSON, into a page."""

from collections.abc import Iterable
from pathlib import Path

import click
from rich.console import Console

from crossfade.cli import compare_tables
from crossfade.cli.benchmarks import write
from crossfade.compare.report import Comparison
from crossfade.errors import CrossfadeError

NEW = ".new"
"""Ends the name of a report that is being written."""


def publish(
    report: Comparison, pieces: Iterable[str], *, html_file: Path | None, json_file: Path | None
) -> None:
    """Write what was asked for.

    Args:
        report: All figures.
        pieces: The page; it is only begun if it is wanted.
        html_file: Where that goes.
        json_file: Where figures go; ``-``: onto the screen, instead of the table.

    Raises:
        CrossfadeError: If a file cannot be written.
    """
    if html_file is not None:
        _write_pieces(html_file, pieces)
    if json_file == Path("-"):
        click.echo(report.to_json(), nl=False)
        return
    Console().print(compare_tables.comparison(report))
    if json_file is not None:
        write(json_file, report.to_json())


def _write_pieces(path: Path, pieces: Iterable[str]) -> None:
    """Write a file that need not fit into memory; it has its name only once it is complete."""
    part = path.with_name(path.name + NEW)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8") as file:
            file.writelines(pieces)
        part.replace(path)
    except OSError as error:
        raise CrossfadeError(f"cannot write {path}: {error.strerror}") from error
    click.echo(f"wrote {path}", err=True)
