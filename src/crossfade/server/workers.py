"""Several server processes behind the same listening sockets, and the one that looks after them.

Every worker is a whole server with its own recognizer, slots and metrics. They share nothing but
the sockets and the files of keys and secrets: connections go to whoever accepts first, and a worker
hesitates the longer the fuller it is (``courtesy_s``), so that sessions spread by load.
"""

import asyncio
import contextlib
import logging
import multiprocessing
import os
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

from crossfade.errors import CrossfadeError
from crossfade.server.limits import Slots
from crossfade.server.signals import signals

logger = logging.getLogger("crossfade.server")

RESTART_S = 1.0
"""Between the death of a worker and its successor; doubled for each that does not start."""

LONGEST_RESTART_S = 60.0

_LINGER_S = 15.0
"""Beyond the time for draining: to hang up, post webhooks, and let go of the recognizer."""

_COURTESY_S = 0.02
_FULL_COURTESY_S = 0.25

Target = Callable[[int, Sequence[socket.socket], Connection], None]
"""Runs in a worker: its number from 0, the sockets, and where to send ``READY``. A function at the
top of a module, or a ``partial`` of one: it is pickled."""

READY = "ready"

_spawning = multiprocessing.get_context("spawn")


class WorkerError(CrossfadeError):
    """A worker could not start; it has said why."""


def courtesy_s(slots: Slots) -> float:
    """How long a worker leaves a new connection to the others.

    A full one leaves it longer than any that has room; if all are full, its client is told so.
    """
    if not slots.free:
        return _FULL_COURTESY_S
    return _COURTESY_S * slots.taken / slots.total


def end_with_parent() -> None:
    """Drain, as for SIGTERM, when the process that looks after this worker is gone.

    For a running event loop, once.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None
    loop = asyncio.get_running_loop()

    def orphaned() -> None:
        loop.remove_reader(parent.sentinel)
        signal.raise_signal(signal.SIGTERM)

    loop.add_reader(parent.sentinel, orphaned)


@dataclass(slots=True, eq=False)
class _Worker:
    process: multiprocessing.process.BaseProcess
    ready: Connection

    async def gone(self) -> None:
        """Wait until the process has ended."""
        await _readable(self.process.sentinel)
        self.process.join()

    async def has_started(self) -> bool:
        """Wait for its word; ``False``: it ended without."""
        await _readable(self.ready.fileno())
        try:
            return bool(self.ready.recv() == READY)
        except EOFError:
            return False
        finally:
            self.ready.close()


class Workers:
    """Make it, then ``await run()`` once."""

    def __init__(
        self, target: Target, sockets: Sequence[socket.socket], *, count: int, drain_s: float
    ) -> None:
        """Nothing runs yet.

        Args:
            target: What a worker does.
            sockets: Bound; closed when the workers are told to leave.
            count: How many workers.
            drain_s: How long sessions may take to finish after a signal.
        """
        self._target = target
        self._sockets = sockets
        self._count = count
        self._patience_s = drain_s + _LINGER_S
        self._running: dict[int, _Worker] = {}
        self._leaving = asyncio.Event()

    async def run(self, started: Callable[[], None]) -> None:
        """Serve until SIGTERM or SIGINT, then let the workers drain; a second signal hurries them.

        A worker that dies is replaced.

        Args:
            started: Called once every worker is ready.

        Raises:
            WorkerError: If one of them could not start. Nothing runs any more then.
        """
        try:
            with signals() as signalled:
                leaving = asyncio.create_task(self._leave_when(signalled))
                first = [self._start(number) for number in range(self._count)]
                if not all(await asyncio.gather(*(worker.has_started() for worker in first))):
                    if not self._leaving.is_set():
                        raise WorkerError("a server process could not start")
                elif not self._leaving.is_set():
                    started()
                await asyncio.gather(*map(self._keep, range(self._count)))
                leaving.cancel()
        finally:
            self._kill()

    def _start(self, number: int) -> _Worker:
        ours, theirs = _spawning.Pipe(duplex=False)
        arguments = (self._target, number, self._sockets, theirs)
        process = _spawning.Process(target=_work, args=arguments, name=f"worker-{number}")
        process.start()
        theirs.close()
        worker = self._running[number] = _Worker(process, ours)
        return worker

    async def _keep(self, number: int) -> None:
        """Replace this worker whenever it dies, until all are to leave."""
        wait_s = RESTART_S
        while True:
            await self._running[number].gone()
            if self._leaving.is_set():
                return
            code = self._running[number].process.exitcode
            logger.error("worker %d died (exit code %s), its sessions with it", number, code)
            if await self._leaves_within(wait_s):
                return
            if await self._starts(number):
                logger.info("worker %d is back", number)
                wait_s = RESTART_S
            else:
                wait_s = min(2 * wait_s, LONGEST_RESTART_S)

    async def _leaves_within(self, wait_s: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._leaving.wait()
        return self._leaving.is_set()

    async def _starts(self, number: int) -> bool:
        try:
            return await self._start(number).has_started()
        except OSError as error:  # no memory for another process, now; the others go on
            logger.error("worker %d cannot be started: %s", number, error.strerror)
            return False

    async def _leave_when(self, signalled: asyncio.Semaphore) -> None:
        await signalled.acquire()
        self._leaving.set()
        for listening in self._sockets:
            listening.close()
        asyncio.get_running_loop().call_later(self._patience_s, self._kill)
        while True:
            for worker in self._running.values():
                if worker.process.is_alive():
                    worker.process.terminate()
            await signalled.acquire()

    def _kill(self) -> None:
        for worker in self._running.values():
            if worker.process.is_alive():
                worker.process.kill()


def _work(target: Target, number: int, sockets: Sequence[socket.socket], ready: Connection) -> None:
    os.setpgid(0, 0)  # Ctrl-C in a terminal is for the process that looks after us
    with contextlib.suppress(KeyboardInterrupt):
        target(number, sockets, ready)


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    is_readable = asyncio.Event()
    loop.add_reader(descriptor, is_readable.set)
    try:
        await is_readable.wait()
    finally:
        loop.remove_reader(descriptor)
