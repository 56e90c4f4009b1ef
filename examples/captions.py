"""Stream a media file to any server that speaks one of Crossfade's protocols, and print words.

python examples/captions.py speech.wav ws://127.0.0.1:8765 speechmatics YOUR_KEY
"""

import asyncio
import sys

from crossfade import Final, connect, sources


async def main(file, url, dialect, key):
    async with connect(url, key=key, dialect=dialect) as session:
        session.send_all(sources.media(file))
        async for event in session:
            if isinstance(event, Final):
                print(*(word.text for word in event.words))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
