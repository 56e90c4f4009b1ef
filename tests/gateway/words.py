"""How many words a gateway costs the vendors' own clients, against the same server directly.

    cd tests && python -m gateway.words --json /tmp/words.json [--recordings 12] [--client NAME]

Streams recordings of ../shared/speech at the speed of speech to a server with the embedded
recognizer: directly, and through a gateway that reaches it by either protocol. Prints the word
error rates and their difference in points; fails if one is above half a point, or a session failed.

The 84 recordings of read English (12 minutes) are 1008 sessions and take a quarter of an hour, 12
of them at a time. What was found so far is printed and written while it goes on, and all clients
take each recording before the next: a run that was cut off has its result too, of fewer recordings.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click

from corpus import SHARED, Recording, load
from crossfade.audio import Samples
from crossfade.recognizers.onnx import EmbeddedRecognizer
from crossfade.scoring import WordErrors
from vendor_clients import Comparison, Hears, compare, installed, secure_servers, trusted

MOST_POINTS = 0.5
BEHINDS = ("speechmatics", "assemblyai")
TELL_S = 20.0
"""Between two looks at what was found."""


@dataclass
class Findings:
    """What is known so far."""

    n_sessions: int
    file: Path | None
    began_s: float = field(default_factory=time.monotonic)
    n_done: int = 0
    found: dict[tuple[str, str], dict[str, WordErrors]] = field(default_factory=dict)
    """By client and place, and then by recording."""
    n_failed: int = 0
    told_s: float = field(default_factory=time.monotonic)

    def forgiving(self, name: str, hears: Hears) -> Hears:
        """The same client; one that fails has heard nothing, and the others go on."""

        async def heard(url: str, samples: Samples) -> str:
            try:
                return await hears(url, samples)
            except Exception as error:
                self.n_failed += 1
                click.echo(f"{name} failed: {type(error).__name__}: {error}", err=True)
                return ""

        return heard

    def note(self, client: str, place: str, recording: Recording, errors: WordErrors) -> None:
        self.n_done += 1
        self.found.setdefault((client, place), {})[recording.id] = errors
        if time.monotonic() - self.told_s >= TELL_S:
            self.told_s = time.monotonic()
            self.tell()
            self.write()

    def tell(self) -> None:
        elapsed_s = time.monotonic() - self.began_s
        left_s = elapsed_s * (self.n_sessions - self.n_done) / self.n_done
        worst = max((one.points for one in self.comparisons()), default=0.0)
        click.echo(
            f"{self.n_done} of {self.n_sessions} sessions, {left_s / 60:.0f} min left, "
            f"{worst:+.2f} points at worst, {self.n_failed} failed",
            err=True,
        )

    def results(self) -> list[Mapping[str, object]]:
        return [
            {
                "client": one.client,
                "behind": one.behind,
                "wer_direct": one.direct.rate,
                "wer_through": one.through.rate,
                "points": one.points,
                "direct": asdict(one.direct),
                "through": asdict(one.through),
            }
            for one in self.comparisons()
        ]

    def comparisons(self) -> Iterator[Comparison]:
        """Each of the recordings that were heard both ways."""
        for (client, behind), through in self.found.items():
            direct = self.found.get((client, "direct"), {})
            both = through.keys() & direct.keys()
            if behind != "direct" and both:
                sums = (sum((each[i] for i in both), WordErrors()) for each in (direct, through))
                yield Comparison(client, behind, *sums)

    def write(self) -> None:
        """Never half of it."""
        if self.file is None:
            return
        counts = {name: getattr(self, name) for name in ("n_sessions", "n_done", "n_failed")}
        draft = self.file.with_name(f"{self.file.name}.part")
        draft.write_text(json.dumps({**counts, "results": self.results()}, indent=2) + "\n")
        draft.replace(self.file)


async def measure(
    recordings: list[Recording], clients: Mapping[str, Hears], at_once: int, findings: Findings
) -> None:
    recognizer = EmbeddedRecognizer()
    await recognizer.start()
    try:
        with tempfile.TemporaryDirectory() as name, trusted(Path(name)) as authority:
            async with secure_servers(recognizer, Path(name), authority, BEHINDS) as addresses:
                hears = {name: findings.forgiving(name, one) for name, one in clients.items()}
                await compare(addresses, hears, recordings, at_once=at_once, note=findings.note)
    finally:
        await recognizer.aclose()


@click.command(help=__doc__.splitlines()[0])
@click.option("--category", default="read_en", help="Of the recordings.")
@click.option("--recordings", "most", default=0, help="Take so many of them; 0: all.")
@click.option("--client", "names", multiple=True, help="Only this one; may be repeated.")
@click.option("--at-once", default=12, show_default=True, help="Streams.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write results here.")
def main(category: str, most: int, names: tuple[str, ...], at_once: int, file: Path | None) -> None:
    recordings = [entry for entry in load(SHARED) if entry.category == category][: most or None]
    clients = {name: hears for name, hears in installed().items() if not names or name in names}
    findings = Findings(len(recordings) * len(clients) * (len(BEHINDS) + 1), file)
    try:
        asyncio.run(measure(recordings, clients, at_once, findings))
    finally:
        findings.write()
        for one in findings.comparisons():
            click.echo(
                f"{one.client} over {one.behind}: {100 * one.through.rate:.2f} %, "
                f"directly {100 * one.direct.rate:.2f} %, {one.points:+.2f} points "
                f"of {one.direct.reference_words} words"
            )
    is_worse = any(one.points > MOST_POINTS for one in findings.comparisons())
    sys.exit(is_worse or findings.n_failed > 0)


if __name__ == "__main__":
    main()
