"""``crossfade transcribe``: recordings to text."""

import asyncio
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

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
    from crossfade.cli.engines import Engine, Media, Transcriber
    from crossfade.cli.outputs import Output
    from crossfade.cli.progress import Bars
    from crossfade.client.transcript import Format
    from crossfade.dialects.base import Dialect

STDIN = "-"
FORMATS = ("text", "json", "srt", "vtt", "ctm")

_MEDIA_SUFFIXES = (
    ".3gp .aac .aif .aiff .amr .avi .caf .flac .flv .m4a .m4v .mka .mkv .mov .mp2 .mp3 .mp4 .mpeg "
    ".mpg .oga .ogg .opus .ts .w64 .wav .webm .wma .wv"
)
"""What counts as a recording in a folder; a file that is named is tried whatever its ending."""

Outcome = Literal["written", "kept", "failed"]


@click.command(
    epilog=example(
        "crossfade transcribe interview.mp3",
        "crossfade transcribe --format srt --output captions/ talks/",
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
    help="Write a file for each recording into this folder, instead of printing. Files that are "
    "there, and newer than their recording, are kept: the same command goes on after Ctrl-C.",
)
@click.option("--overwrite", is_flag=True, help="Write them anew.")
@click.option(
    "--language", metavar="CODE", default="en", show_default=True, help="Spoken language."
)
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1, 256),
    default=os.cpu_count() or 1,
    help="Recordings at a time.  [default: one for each core]",
)
@click.option("--url", metavar="URL", help="Stream to this server (ws:// or wss://) instead.")
@click.option("--dialect", type=DialectName(), help="The protocol that the server at --url speaks.")
@click.option(
    "--key",
    metavar="KEY",
    envvar="CROSSFADE_KEY",
    help="Key for the server at --url.  [env: CROSSFADE_KEY]",
)
@setting_options("backend", "model_dir", "threads")
def transcribe(
    files: tuple[str, ...],
    wanted: "Format",
    *,
    as_json: bool,
    output: Path | None,
    overwrite: bool,
    language: str,
    jobs: int,
    url: str | None,
    dialect: "Dialect | None",
    key: str | None,
    config: Path | None,
    **flags: object,
) -> None:
    """Turn recordings, or the sound of videos, into text.

    A folder stands for the recordings in it, `-` for standard input.
    """
    from crossfade.cli.engines import in_process, on_server
    from crossfade.cli.progress import Bars

    settings = load_settings(flags, config)
    if (url is None) != (dialect is None):
        raise click.UsageError("--url and --dialect go together")
    wanted = "json" if as_json else wanted
    found = recordings_in(files)
    place = _output(wanted, found, output, overwrite=overwrite)
    if url is not None and dialect is not None:
        engine = on_server(url, dialect, key, language)
    else:
        engine = in_process(settings, language)
    with Bars(len(found)) as bars:
        outcomes = run(_Work(wanted, place, bars, jobs=jobs).all(found, engine))
        if len(found) > 1 and output is not None:
            bars.say(_summary(outcomes))
    if "failed" in outcomes:
        raise SystemExit(1)


def recordings_in(names: Sequence[str]) -> list[str]:
    """Name recordings; what is in a folder stands in its place.

    Raises:
        click.UsageError: If there is nothing in it.
    """
    found: list[str] = []
    for name in names:
        if name == STDIN or not Path(name).is_dir():
            found.append(name)
            continue
        suffixes = frozenset(_MEDIA_SUFFIXES.split())
        inside = sorted(path for path in Path(name).iterdir() if path.suffix.lower() in suffixes)
        if not inside:
            raise click.UsageError(f"there are no recordings in {name}")
        found += map(str, inside)
    return found


def _output(
    wanted: "Format", files: Sequence[str], folder: Path | None, *, overwrite: bool
) -> "Output":
    """Choose where texts go, before any work is done.

    Raises:
        click.UsageError: If two of them would go to the same place.
    """
    from crossfade.cli.outputs import Folder, Screen
    from crossfade.client.transcript import SUFFIXES

    if folder is None:
        if len(files) > 1 and wanted in ("srt", "vtt"):
            raise click.UsageError(f"{wanted} for more than one file needs --output DIR")
        return Screen(files, whole=wanted == "json")
    targets = {file: folder / (Path(_name(file)).stem + SUFFIXES[wanted]) for file in files}
    if len(set(targets.values())) < len(files):
        raise click.UsageError("two files have the same name: their texts cannot share a folder")
    return Folder(targets, overwrite=overwrite)


def _name(file: str) -> str:
    return "stdin" if file == STDIN else Path(file).name


def _summary(outcomes: Sequence[Outcome]) -> str:
    kinds: tuple[Outcome, ...] = ("written", "kept", "failed")
    return ", ".join(f"{outcomes.count(kind)} {kind}" for kind in kinds if kind in outcomes)


class _Work:
    """Recordings to texts, some at a time. What fails is told and stops nothing else."""

    def __init__(self, wanted: "Format", output: "Output", bars: "Bars", *, jobs: int) -> None:
        self._wanted = wanted
        self._output = output
        self._bars = bars
        self._slots = asyncio.Semaphore(jobs)

    async def all(self, files: Sequence[str], engine: "Engine") -> list[Outcome]:
        """Do what is not done yet."""
        to_do = [file for file in files if not self._output.has(file)]
        n_kept = len(files) - len(to_do)
        self._bars.count(n_kept)
        kept: list[Outcome] = ["kept"] * n_kept
        if not to_do:
            return kept
        async with engine as transcriber, asyncio.TaskGroup() as tasks:
            started = [tasks.create_task(self._one(file, transcriber)) for file in to_do]
        return kept + [task.result() for task in started]

    async def _one(self, file: str, transcriber: "Transcriber") -> Outcome:
        async with self._slots:
            outcome: Outcome = "written"
            try:
                await self._write(file, transcriber)
            except* CrossfadeError as group:
                self._tell(file, first_error(group))
                outcome = "failed"
            self._bars.count()
        return outcome

    async def _write(self, file: str, transcriber: "Transcriber") -> None:
        from crossfade.audio import duration_s
        from crossfade.client.transcript import writer

        length_s = partial(duration_s, file) if file != STDIN else lambda: None
        with self._bars.track(_name(file), length_s) as advance:
            pen, sink = writer(self._wanted, _name(file)), self._output.open(file)
            try:
                audio_ms = await transcriber(
                    _media(file), advance, lambda words: sink.write(pen.push(words))
                )
                sink.write(pen.end(audio_ms=audio_ms))
                sink.commit()
            except BaseException:
                sink.abandon()
                raise

    def _tell(self, file: str, error: CrossfadeError) -> None:
        named = isinstance(error, AudioError)  # those say which file they are about
        self._bars.say(f"crossfade: {error}" if named else f"crossfade: {file}: {error}")


def _media(file: str) -> "Media":
    if file != STDIN:
        return Path(file)
    # Without a buffer: at exit Python waits for the lock of one in which a thread still reads.
    return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
