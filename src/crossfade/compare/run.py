"""All clips, one after another or some at a time, each to all sides at once."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from crossfade.bench.material import Piece, SpeechStream
from crossfade.bench.playing import Pacing
from crossfade.compare.clips import Clip
from crossfade.compare.heard import HeardClip, heard_clip
from crossfade.compare.playing import play_together
from crossfade.compare.sides import Side
from crossfade.compare.work_file import WorkFile
from crossfade.errors import AudioError

_PCM_BYTES_PER_MS = 32
"""16-bit samples at 16 kHz."""

Track = Callable[[Clip], AbstractContextManager[Callable[[float], None]]]
"""Shows a clip while it is played; is told of seconds that were sent."""


async def compare_all(
    sides: Sequence[Side],
    clips: Sequence[Clip],
    work: WorkFile,
    *,
    pacing: Pacing,
    jobs: int,
    track: Track,
    failed: Callable[[Clip, AudioError], None],
) -> None:
    """Play what is not done yet, and write it down clip by clip.

    The samples of ``jobs`` clips are in memory at a time, 115 MB an hour.

    Args:
        sides: Who hears them.
        clips: What is played.
        work: Has what was done before, gets what is done now.
        pacing: How it is sent.
        jobs: Clips at a time.
        track: Shows one.
        failed: Told of a clip that cannot be decoded; it is left out.

    Raises:
        WorkFileError: If it cannot be written.
    """
    slots = asyncio.Semaphore(jobs)

    async def compare(clip: Clip) -> None:
        async with slots:
            try:
                with track(clip) as advance:
                    work.add(await _compare(sides, clip, pacing, advance))
            except AudioError as error:
                failed(clip, error)

    async with asyncio.TaskGroup() as tasks:
        for clip in clips:
            tasks.create_task(compare(clip))


async def _compare(
    sides: Sequence[Side], clip: Clip, pacing: Pacing, advance: Callable[[float], None]
) -> HeardClip:
    recording = clip.fresh()
    pcm = await asyncio.to_thread(lambda: recording.pcm)
    stream = SpeechStream((Piece(recording, 0),), round(len(pcm) / _PCM_BYTES_PER_MS))
    heard = await play_together(sides, stream, pacing, advance=advance)
    by_letter = dict(zip((side.letter for side in sides), heard, strict=True))
    # Aligning an hour of words takes a while.
    return await asyncio.to_thread(
        heard_clip,
        clip,
        stream.length_ms,
        by_letter,
        pacing=pacing,
        path=str(clip.recording.path),
    )
