"""A server of our own to measure, in a process of its own as in real life."""

import asyncio
import os
import re
import secrets
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from crossfade.bench.sockets import OverSockets
from crossfade.dialects.base import Dialect
from crossfade.errors import CrossfadeError

START_LIMIT_S = 120.0
"""Generous: a busy machine must not be taken for a broken one."""

STOP_LIMIT_S = 15.0
_LINES_KEPT = 20


@asynccontextmanager
async def own_server(
    command: Sequence[str], dialect: Dialect, *, chunk_ms: int, max_sessions: int
) -> AsyncIterator[OverSockets]:
    """Run a server on a free port, with a key made up for it; leaving the context stops it.

    Args:
        command: What runs ``crossfade serve``, with the flags that it is to have besides.
        dialect: What to speak to it.
        chunk_ms: Length of the chunks that will be sent.
        max_sessions: It must not refuse what is to be measured.

    Raises:
        CrossfadeError: If it does not start; with the last thing that it said.
    """
    key = secrets.token_urlsafe(18)
    flags = ["--host", "127.0.0.1", "--port", "0", "--max-sessions", str(max_sessions)]
    with tempfile.TemporaryDirectory(prefix="crossfade-bench-") as data_dir:
        # By the environment: everybody on this machine can read a command line.
        variables = {"CROSSFADE_KEY": key, "CROSSFADE_DATA_DIR": data_dir}
        process = await asyncio.create_subprocess_exec(
            *(*command, *flags, "--log-level", "warning"),
            env=os.environ | variables,
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
        )
        reader: asyncio.Task[None] | None = None
        try:
            url = await _announced(process, dialect.title)
            # Its pipe must not fill up.
            reader = asyncio.create_task(_drain(process))
            yield OverSockets(url=url, spoken=dialect, key=key, chunk_ms=chunk_ms, pid=process.pid)
        finally:
            await _stop(process)
            if reader is not None:
                await reader


async def _announced(process: Process, title: str) -> str:
    """Wait until it says where it listens."""
    last: deque[str] = deque(maxlen=_LINES_KEPT)
    try:
        async with asyncio.timeout(START_LIMIT_S):
            while line := (await _lines(process).readline()).decode(errors="replace").strip():
                last.append(line)
                if found := re.fullmatch(rf"{re.escape(title)}: (wss?://\S+)", line):
                    return found[1]
    except TimeoutError:
        raise CrossfadeError(f"the server was not ready in {START_LIMIT_S:g} s") from None
    said = last[-1].removeprefix("crossfade: ") if last else "it said nothing"
    raise CrossfadeError(f"the server did not start: {said}")


async def _drain(process: Process) -> None:
    while await _lines(process).read(65_536):
        pass


async def _stop(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_LIMIT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _lines(process: Process) -> asyncio.StreamReader:
    assert process.stderr is not None  # it was asked for
    return process.stderr
