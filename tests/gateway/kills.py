"""What it costs a client when the server behind its gateway is killed in the middle of a recording.

    cd tests && python -m gateway.kills --json /tmp/kills.json [--kills 20]

Each time a recording of ../shared/speech is streamed at the speed of speech through a gateway with
two backends, servers of their own with the embedded recognizer, of which the first is killed at a
random moment; and once more without that. All pairs of protocols have their turn. Prints, for each
kill, the words that are others than without, and how long after it the next final word came.
AssemblyAI's standard models call words final one by one where turns are not formatted: the client
in front asks for that. The gateway takes what is behind by the turn, for its capitals and marks.
Fails if a session failed, a word came twice, or over one word was lost or changed.
"""

import asyncio
import json
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from itertools import cycle, islice, pairwise
from pathlib import Path

import click
import numpy as np
from rapidfuzz.distance import Levenshtein

from corpus import SHARED, Recording, load
from crossfade.audio import encode
from crossfade.client import connect
from crossfade.gateway import Backend, UpstreamRecognizer
from crossfade.gateway.failover import FailoverRecognizer
from crossfade.gateway.upstream import NO_RETRY
from crossfade.model import Encoding, Final, RawAudio, SessionConfig, Word
from crossfade.server.run import running_server
from gateways import BY_NAME
from processes import RunningServer, serving

PAIRS = [
    (front, behind)
    for front in ("speechmatics", "assemblyai")
    for behind in ("speechmatics", "assemblyai")
]
AT_ONCE = len(PAIRS)
SEED = 20
EDGE_S = 1.0
"""No kill is nearer to the recording's beginning and end."""
CHUNK_MS = 100
CONFIG = SessionConfig(
    language="en",
    audio=RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000),
    max_delay_ms=1000,
    grade="standard",
)


@dataclass(frozen=True)
class Kill:
    """What came of one."""

    recording: str
    front: str
    behind: str
    at_s: float
    words: int
    different_words: int
    doubled_words: int
    gap_s: float | None
    """From the kill to the next final word; ``None``: none was to come."""
    gap_unharmed_s: float | None
    """From that moment to the next final word where nothing was killed."""
    failure: str | None


@dataclass
class Heard:
    """Final words, and when they came, in seconds since the first sample."""

    words: list[Word]
    times_s: list[float]


async def chunks(recording: Recording) -> AsyncIterator[bytes]:
    """As from a microphone."""
    data = encode(recording.samples(), Encoding.PCM_S16LE)
    n_bytes = CHUNK_MS * 32
    due_s = asyncio.get_running_loop().time()
    for start in range(0, len(data), n_bytes):
        due_s += CHUNK_MS / 1000
        await asyncio.sleep(max(0.0, due_s - asyncio.get_running_loop().time()))
        yield data[start : start + n_bytes]


async def hear(
    url: str,
    front: str,
    recording: Recording,
    *,
    at_s: float = float("inf"),
    at_that: Callable[[], None] = lambda: None,
) -> Heard:
    """Stream it; ``at_that`` is called so many seconds after the first sample."""
    heard = Heard([], [])
    clock = asyncio.get_running_loop()
    query = "/v3/ws?format_turns=false" if front == "assemblyai" else ""
    async with connect(url + query, key=None, dialect=front, config=CONFIG) as session:
        began_s = clock.time()

        async def speak() -> None:
            has_called = False
            async for chunk in chunks(recording):
                if not has_called and clock.time() - began_s >= at_s:
                    has_called = True
                    at_that()
                await session.send(chunk)
            await session.finish()

        async with asyncio.timeout(recording.duration_s + 30), asyncio.TaskGroup() as group:
            group.create_task(speak())
            async for event in session:
                if isinstance(event, Final) and event.words:
                    heard.words += event.words
                    heard.times_s.append(clock.time() - began_s)
    return heard


async def kill_once(
    recording: Recording, front: str, behind: str, at_s: float, second: RunningServer, folder: Path
) -> Kill:
    unharmed = FailoverRecognizer([("b", upstream(second, behind))])
    async with running_server(unharmed, data_dir=folder / "unharmed") as gateway:
        expected = await hear(gateway.url, front, recording)
    failure, through = None, Heard([], [])
    with serving(folder / "first", "--no-auth", backend="local", log_is_read=False) as first:
        route = FailoverRecognizer(
            [("a", upstream(first, behind)), ("b", upstream(second, behind))]
        )
        async with running_server(route, data_dir=folder / "gateway") as gateway:
            try:
                through = await hear(
                    gateway.url, front, recording, at_s=at_s, at_that=first.process.kill
                )
            except Exception as error:
                failure = f"{type(error).__name__}: {error}"
    return Kill(
        recording=recording.id,
        front=front,
        behind=behind,
        at_s=round(at_s, 3),
        words=len(expected.words),
        different_words=Levenshtein.distance(texts(through), texts(expected)),
        doubled_words=sum(
            later.start_ms < earlier.end_ms for earlier, later in pairwise(through.words)
        ),
        gap_s=gap_s(through, at_s),
        gap_unharmed_s=gap_s(expected, at_s),
        failure=failure,
    )


def gap_s(heard: Heard, at_s: float) -> float | None:
    after_s = [time_s - at_s for time_s in heard.times_s if time_s > at_s]
    return round(after_s[0], 3) if after_s else None


def upstream(server: RunningServer, behind: str) -> UpstreamRecognizer:
    url = f"ws://{server.address}"
    backend = Backend(name=url, dialect=BY_NAME[behind], url=url)
    return UpstreamRecognizer(backend, reconnect=NO_RETRY)  # as on any route with two backends


def texts(heard: Heard) -> list[str]:
    return [word.text.lower() for word in heard.words]


async def measure(n_kills: int) -> list[Kill]:
    recordings = [entry for entry in load(SHARED) if entry.category == "read_en"]
    longest = sorted(recordings, key=lambda entry: -entry.duration_s)
    chosen = list(islice(cycle(longest[:20]), n_kills))
    dice = random.Random(SEED)
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, recording: Recording, at_s: float) -> Kill:
        async with turn:
            front, behind = PAIRS[number % len(PAIRS)]
            place = folder / str(number)
            place.mkdir()
            found = await kill_once(recording, front, behind, at_s, second, place)
            click.echo(found, err=True)
            return found

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(folder / "second", "--no-auth", backend="local", log_is_read=False) as second:
            moments = [dice.uniform(EDGE_S, entry.duration_s - EDGE_S) for entry in chosen]
            jobs = map(one, range(n_kills), chosen, moments)
            return list(await asyncio.gather(*jobs))


def gaps_of(kills: list[Kill], front: str, behind: str) -> dict[str, dict[str, float]]:
    """Of one pair of protocols, in seconds: to the next final word, and what the kill added."""
    gaps = [
        (kill.gap_s, kill.gap_unharmed_s)
        for kill in kills
        if (kill.front, kill.behind) == (front, behind)
        and kill.gap_s is not None
        and kill.gap_unharmed_s is not None
    ]
    if not gaps:
        return {}
    return {
        "gap_s": percentiles([gap for gap, _ in gaps]),
        "added_s": percentiles([gap - unharmed for gap, unharmed in gaps]),
    }


def percentiles(values: list[float]) -> dict[str, float]:
    return {f"p{p}": round(float(np.percentile(values, p)), 3) for p in (50, 95, 100)}


@click.command(help=__doc__.splitlines()[0])
@click.option("--kills", "n_kills", default=20, show_default=True, help="How many.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write results here.")
def main(n_kills: int, file: Path | None) -> None:
    kills = asyncio.run(measure(n_kills))
    summary = {
        "kills": len(kills),
        "failed": sum(kill.failure is not None for kill in kills),
        "doubled_words": sum(kill.doubled_words for kill in kills),
        "most_different_words": max(kill.different_words for kill in kills),
        "gaps": {f"{front}-{behind}": gaps_of(kills, front, behind) for front, behind in PAIRS},
    }
    click.echo(summary)
    if file is not None:
        results = {**summary, "results": [asdict(kill) for kill in kills]}
        file.write_text(json.dumps(results, indent=2) + "\n")
    sys.exit(
        summary["failed"] or summary["doubled_words"] or int(summary["most_different_words"] > 1)
    )


if __name__ == "__main__":
    main()
