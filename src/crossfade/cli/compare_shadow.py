"""The work behind ``crossfade compare --shadow``: from records of a gateway to reports."""

from pathlib import Path

import click

from crossfade.cli.compare_outputs import publish
from crossfade.compare import page, shadows


def compare_records(
    folder: Path, *, html_file: Path | None, no_audio: bool, json_file: Path | None
) -> None:
    """Compare the sessions of a folder, and publish what that amounts to.

    Raises:
        CrossfadeError: If nothing can be compared, or a report cannot be written.
    """
    if html_file is not None:
        page.check_installed()
    report, curves = shadows.compared(
        folder, left_out=lambda why: click.echo(f"crossfade: left out: {why}", err=True)
    )
    pieces = page.pieces(
        report, curves, shadows.clips(report), with_audio=not no_audio, sound=shadows.sound
    )
    publish(report, pieces, html_file=html_file, json_file=json_file)
