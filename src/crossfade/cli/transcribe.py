"""``crossfade transcribe``: recordings to text."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossfade.cli.options import (
    DialectName,
    example,
    first_error,
    load_settings,
    run,
    setting_options,
)
from crossfade.errors import AudioError, CrossfadeError

if TYPE_CHECKING:  # imported where it is used: ``--help`` does not wait for numpy
    from crossfade.cli.engines import Advance, Engine, Media, Transcriber
    from crossfade.client.transcript import Format, Transcript
    from crossfade.dialects.base import Dialect

STDIN = "-"
FORMATS = ("text", "json", "srt", "vtt", "ctm")

Write = Callable[[str, "Transcript"], None]
"""Puts the text of one file where the user wants it."""

Track = Callable[[str], AbstractContextManager["Advance"]]
"""Shows a recording as long as it is in work."""


@click.command(
    epilog=example(
        "crossfade transcribe interview.mp3",
        "crossfade transcribe --format srt --output captions/ talks/*.mp4",
    )
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "wanted",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="text: the words only. json: words with times, one line a file. srt, vtt: captions. "
    "ctm: words with times, as scoring tools read them.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a file for each recording into this folder, instead of printing.",
)
@click.option("--language", default="en", show_default=True, help="Spoken language.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=os.cpu_count() or 1,
    help="Recordings at a time.  [default: one for each core]",
)
@click.option("--url", help="Stream to this server (ws:// or wss://) instead.")
@click.option("--dialect", type=DialectName(), help="The protocol that the server at --url speaks.")
@click.option(
    "--key", envvar="CROSSFADE_KEY", help="Key for the server at --url.  [env: CROSSFADE_KEY]"
)
@setting_options("model_dir", "threads")
def transcribe(
    files: tuple[str, ...],
    wanted: "Format",
    *,
    as_json: bool,
    output: Path | None,
    language: str,
    jobs: int,
    url: str | None,
    dialect: "Dialect | None",
    key: str | None,
    config: Path | None,
    **flags: object,
) -> None:
    """Turn recordings, or the sound of videos, into text. `-` reads standard input."""
    from crossfade.cli.engines import in_process, on_server

    settings = load_settings(flags, config)
    if (url is None) != (dialect is None):
        raise click.UsageError("--url and --dialect go together")
    write = _writer("json" if as_json else wanted, files, output)
    if url is not None and dialect is not None:
        engine = on_server(url, dialect, key, language)
    else:
        engine = in_process(settings, language)
    if not run(_transcribe(files, engine, jobs, write)):
        raise SystemExit(1)


def _writer(wanted: "Format", files: Sequence[str], output: Path | None) -> Write:
    """Choose where texts go, before any work is done.

    Raises:
        click.UsageError: If two of them would go to the same place.
    """
    from crossfade.client.transcript import SUFFIXES, render

    if output is None:
        if len(files) > 1 and wanted in ("srt", "vtt"):
            raise click.UsageError(f"{wanted} for more than one file needs --output DIR")
        return lambda _, transcript: click.echo(render(transcript, wanted), nl=False)
    targets = {file: output / (Path(_name(file)).stem + SUFFIXES[wanted]) for file in files}
    if len(set(targets.values())) < len(targets):
        raise click.UsageError("two files have the same name: their texts cannot share a folder")
    return lambda file, transcript: _replace(targets[file], render(transcript, wanted))


def _name(file: str) -> str:
    return "stdin" if file == STDIN else Path(file).name


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        CrossfadeError: If the folder does not take it.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise CrossfadeError(f"cannot write {path}: {error.strerror}") from error
    click.echo(f"wrote {path}", err=True)


async def _transcribe(files: Sequence[str], engine: "Engine", jobs: int, write: Write) -> bool:
    """Transcribe several at a time, write in order; ``True`` if all went well."""
    slots = asyncio.Semaphore(jobs)
    with _bars() as track:
        async with engine as transcriber, asyncio.TaskGroup() as tasks:
            started = [tasks.create_task(_one(file, transcriber, slots, track)) for file in files]
            return all(
                [_settle(f, await task, write) for f, task in zip(files, started, strict=True)]
            )


async def _one(
    file: str, transcriber: "Transcriber", slots: asyncio.Semaphore, track: "Track"
) -> "Transcript | CrossfadeError":
    async with slots:
        try:
            with track(file) as advance:
                return await transcriber(_media(file), advance)
        except* CrossfadeError as group:
            failure = first_error(group)
    return failure


def _media(file: str) -> "Media":
    if file != STDIN:
        return Path(file)
    # Without a buffer: at exit Python waits for the lock of one in which a thread still reads.
    return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)


def _settle(file: str, outcome: "Transcript | CrossfadeError", write: Write) -> bool:
    try:
        if isinstance(outcome, CrossfadeError):
            raise outcome
        write(file, outcome)
    except CrossfadeError as error:
        named = isinstance(error, AudioError)  # those say which file they are about
        click.echo(f"crossfade: {error}" if named else f"crossfade: {file}: {error}", err=True)
        return False
    return True


@contextmanager
def _bars() -> Iterator["Track"]:
    """Show a bar for each recording in work, on stderr, if that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from crossfade.audio import duration_s

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:

        @contextmanager
        def track(file: str) -> Iterator["Advance"]:
            total_s = None if file == STDIN or bar.disable else duration_s(file)
            row = bar.add_task(_name(file), total=total_s)
            yield lambda read_s: bar.advance(row, read_s)
            bar.remove_task(row)

        yield track
