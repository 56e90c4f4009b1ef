"""How many words a gateway costs the vendors' own clients, against the same server directly.

    cd tests && python -m gateway.words [--recordings 12] [--client speechmatics-rt]

Streams recordings of ../shared/speech at the speed of speech to a server with the embedded
recognizer: directly, and through a gateway that reaches it by either protocol. Prints the word
error rates and their difference in points; fails if one is above half a point.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

import click

from corpus import SHARED, Recording, load
from crossfade.recognizers.onnx import EmbeddedRecognizer
from vendor_clients import Comparison, compare, installed, secure_servers, trusted

MOST_POINTS = 0.5
BEHINDS = ("speechmatics", "assemblyai")


async def measure(
    recordings: list[Recording], names: tuple[str, ...], at_once: int
) -> list[Comparison]:
    clients = {name: hears for name, hears in installed().items() if not names or name in names}
    recognizer = EmbeddedRecognizer()
    await recognizer.start()
    try:
        with tempfile.TemporaryDirectory() as name, trusted(Path(name)) as authority:
            async with secure_servers(recognizer, Path(name), authority, BEHINDS) as addresses:
                return await compare(addresses, clients, recordings, at_once=at_once)
    finally:
        await recognizer.aclose()


@click.command(help=__doc__.splitlines()[0])
@click.option("--category", default="read_en", help="Of the recordings.")
@click.option("--recordings", "most", default=0, help="Take so many of them; 0: all.")
@click.option("--client", "names", multiple=True, help="Only this one; may be repeated.")
@click.option("--at-once", default=6, help="Streams.")
def main(category: str, most: int, names: tuple[str, ...], at_once: int) -> None:
    recordings = [entry for entry in load(SHARED) if entry.category == category]
    found = asyncio.run(measure(recordings[: most or None], names, at_once))
    for one in found:
        click.echo(
            f"{one.client} over {one.behind}: {100 * one.through.rate:.2f} %, "
            f"directly {100 * one.direct.rate:.2f} %, {one.points:+.2f} points "
            f"of {one.direct.reference_words} words"
        )
    sys.exit(any(one.points > MOST_POINTS for one in found))


if __name__ == "__main__":
    main()
