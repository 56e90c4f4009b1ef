"""The work behind ``crossfade compare``: what is played to whom, and where the result goes."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from crossfade.audio import duration_s
from crossfade.bench.playing import Pacing
from crossfade.bench.recordings import read_manifest
from crossfade.cli.compare_outputs import publish
from crossfade.cli.compare_sides import is_remote, open_sides
from crossfade.cli.progress import Bars
from crossfade.cli.transcribe import recordings_in
from crossfade.compare import page
from crossfade.compare.clips import Clip, from_files, listed
from crossfade.compare.report import Comparison
from crossfade.compare.run import compare_all
from crossfade.compare.sides import Rules, Side, SideFacts, Specification, letters, parse
from crossfade.compare.summary import Summary
from crossfade.compare.work_file import Heading, WorkFile
from crossfade.errors import AudioError, ConfigError
from crossfade.settings import Settings

PART = ".part"
"""Ends the name of the work file beside a report."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the command line asks for.

    Raises:
        ConfigError: If it makes no sense.
    """

    settings: Settings
    audio: tuple[Path, ...]
    typed: tuple[str, ...]
    reference: Path | None
    manifest: Path | None
    language: str
    max_delay_s: float
    silence_s: float
    unpaced: bool
    jobs: int
    key: str | None = field(repr=False)
    html_file: Path | None
    no_audio: bool
    json_file: Path | None
    work: Path | None

    def __post_init__(self) -> None:
        if bool(self.audio) == (self.manifest is not None):
            raise ConfigError("name recordings, or a --manifest of them", field="audio")
        if self.manifest is not None and self.reference is not None:
            raise ConfigError("a --manifest has its references in it", field="reference")
        remote = [one.text for one in self.sides if is_remote(one, self.settings)]
        if self.unpaced and remote:
            message = f"--unpaced is for recognizers of this process; {remote[0]} is a server"
            raise ConfigError(message, field="side")
        if self.html_file is not None:
            page.check_installed()

    @property
    def sides(self) -> list[Specification]:
        """Who is compared."""
        rules = Rules(
            language=self.language,
            max_delay_ms=round(1000 * self.max_delay_s),
            turn_silence_ms=round(1000 * self.silence_s),
        )
        found = [parse(text, rules) for text in self.typed]
        letters(found)
        return found

    @property
    def pacing(self) -> Pacing:
        """How it is played."""
        return Pacing(real_time=not self.unpaced, spread_s=0.0)

    def clips(self) -> list[Clip]:
        """Find what is played."""
        if self.manifest is not None:
            return listed(read_manifest(self.manifest, language=self.language))
        paths = [Path(file) for file in recordings_in([str(path) for path in self.audio])]
        return from_files(list(dict.fromkeys(paths)), self.reference, language=self.language)

    @contextmanager
    def work_file(self, sides: tuple[SideFacts, ...]) -> Iterator[WorkFile]:
        """Open it; one that nobody asked for is deleted once the reports are written."""
        heading = Heading(sides=sides, pacing=self.pacing)
        report = self.html_file or self.json_file
        if self.work is not None:
            with WorkFile(self.work, heading) as work:
                yield work
        elif report is None or report == Path("-"):
            with (
                tempfile.TemporaryDirectory(prefix="crossfade-compare-") as folder,
                WorkFile(Path(folder) / "work", heading, is_kept=False) as work,
            ):
                yield work
        else:
            with WorkFile(report.with_name(report.name + PART), heading) as work:
                yield work
                work.remove()


async def compare_and_publish(wanted: Wanted) -> None:
    """Play everything, then write down what it amounts to.

    Raises:
        CrossfadeError: If it cannot be done at all.
        SystemExit: With 1, if a recording or a session failed; what did not is published.
    """
    clips = wanted.clips()
    with ExitStack() as stack:
        async with open_sides(wanted.sides, wanted.settings, wanted.key) as sides:
            facts = tuple(side.facts for side in sides)
            work = stack.enter_context(wanted.work_file(facts))
            left_out = await _play(wanted, sides, clips, work)
        if len(left_out) == len(clips):  # each was told; a table of zeros would look like a result
            raise SystemExit(1)
        # Blocks the event loop, on which nothing is left.
        report = _publish(wanted, facts, clips, work, left_out)
    if left_out or any(result.failures for result in report.results.values()):
        raise SystemExit(1)


async def _play(
    wanted: Wanted, sides: Sequence[Side], clips: Sequence[Clip], work: WorkFile
) -> list[str]:
    """Play what is not done yet; give what cannot be decoded, with the reason."""
    to_do = [clip for clip in clips if not work.has(clip)]
    left_out: list[str] = []
    with Bars(len(clips)) as bars:
        bars.count(len(clips) - len(to_do))

        def failed(clip: Clip, error: AudioError) -> None:
            left_out.append(f"{clip.recording.id}: {error}")
            bars.say(f"crossfade: {error}")

        try:
            await compare_all(
                sides,
                to_do,
                work,
                pacing=wanted.pacing,
                jobs=wanted.jobs,
                track=partial(_track, bars),
                failed=failed,
            )
        except asyncio.CancelledError:
            if work.is_kept:
                done = sum(map(work.has, clips))
                bars.say(
                    f"{done} of {len(clips)} recordings are done; the same command goes on there"
                )
            raise
    return left_out


@contextmanager
def _track(bars: Bars, clip: Clip) -> Iterator[Callable[[float], None]]:
    path = clip.recording.path
    with bars.track(clip.recording.id, lambda: duration_s(path)) as advance:
        yield advance
    bars.count()


def _publish(
    wanted: Wanted,
    facts: tuple[SideFacts, ...],
    clips: Sequence[Clip],
    work: WorkFile,
    left_out: Sequence[str],
) -> Comparison:
    summary = Summary(facts)
    for row in work.rows([str(clip.recording.path) for clip in clips]):
        summary.add(row)
    report = summary.report(wanted.pacing, left_out=left_out)
    in_order = work.rows([entry.path for entry in report.recordings])
    pieces = page.pieces(report, summary.curves(), in_order, with_audio=not wanted.no_audio)
    publish(report, pieces, html_file=wanted.html_file, json_file=wanted.json_file)
    return report
