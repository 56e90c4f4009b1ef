"""Stream a media file to any server that speaks one of Crossfade's protocols, and print words.

python examples/captions.py speech.wav --dialect speechmatics --url ws://127.0.0.1:8765 --key KEY
"""

import argparse
import asyncio

from crossfade import Final, connect, sources


async def main(file, url, dialect, key):
    async with connect(url, key=key, dialect=dialect) as session:
        session.send_all(sources.media(file))
        async for event in session:
            if isinstance(event, Final):
                print(*(word.text for word in event.words))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--url", default="ws://127.0.0.1:8765")
    parser.add_argument("--dialect", default="speechmatics", help="speechmatics or assemblyai")
    parser.add_argument("--key", required=True)
    asyncio.run(main(**vars(parser.parse_args())))
