"""Record the default microphone until SIGINT; raw audio as `MEDIA_AUDIO` goes to stdout.

Says "recording" on stderr as soon as sound comes.
"""

import asyncio
import signal
import sys

from crossfade import sources


async def main():
    microphone = sources.Microphone()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, microphone.stop)
    is_heard = False
    async for data in microphone:
        if not is_heard:
            sys.stderr.write("recording\n")
            sys.stderr.flush()
        is_heard = True
        sys.stdout.buffer.write(data)


if __name__ == "__main__":
    asyncio.run(main())
