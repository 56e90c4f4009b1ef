"""Who looks after the workers: what it does about those that die, on a clock that jumps."""

import asyncio
import os
import signal
from itertools import pairwise
from types import SimpleNamespace

import pytest

from crossfade.server.workers import LONGEST_RESTART_S, WorkerError, Workers
from virtual_time import now_s, run


class Scripted:
    """A worker: when it is ready, if ever, and when it dies, if ever."""

    def __init__(self, *, starts=True, dies_after_s=None):
        self._starts = starts
        self._dies_after_s = dies_after_s
        self._dead = asyncio.Event()
        self.process = SimpleNamespace(exitcode=-9, is_alive=self.is_alive, terminate=self.die)

    def is_alive(self):
        return not self._dead.is_set()

    def die(self):
        self._dead.set()

    async def has_started(self):
        if not self._starts:
            self.die()
        elif self._dies_after_s is not None:
            asyncio.get_running_loop().call_later(self._dies_after_s, self.die)
        return self._starts

    async def gone(self):
        await self._dead.wait()


class Supervised(Workers):
    """Starts what it is told to, and notes when."""

    def __init__(self, *starts):
        super().__init__(lambda *_: None, [], count=1, drain_s=1)
        self._story = iter(starts)
        self.started_s = []

    def _start(self, number):
        self.started_s.append(now_s())
        begun = next(self._story)
        if isinstance(begun, OSError):
            raise begun
        if begun is None:  # the story is over
            os.kill(os.getpid(), signal.SIGTERM)
            begun = Scripted()
        self._running[number] = begun
        return begun


def started_s(*starts):
    """When each was started."""

    async def main():
        workers = Supervised(*starts, None)
        await workers.run(lambda: None)
        return workers.started_s

    return run(main())


def test_a_worker_that_dies_is_replaced_after_a_second():
    assert started_s(Scripted(dies_after_s=10), Scripted(dies_after_s=20)) == [0, 11, 32]


def test_one_that_does_not_start_is_tried_again_less_and_less_often():
    broken = [Scripted(starts=False) for _ in range(8)]
    first, *again = started_s(Scripted(dies_after_s=1), *broken, Scripted(dies_after_s=1))
    waits_s = [after - before for before, after in pairwise(again)]
    assert first == 0
    assert waits_s == [2, 4, 8, 16, 32, LONGEST_RESTART_S, LONGEST_RESTART_S, LONGEST_RESTART_S, 2]


def test_without_memory_for_a_process_the_others_go_on():
    no_memory = OSError(12, "Cannot allocate memory")
    assert started_s(Scripted(dies_after_s=1), no_memory, Scripted(dies_after_s=1)) == [0, 2, 4, 6]


def test_the_order_to_leave_does_not_wait_for_the_next_attempt():
    async def main():
        broken = [Scripted(starts=False) for _ in range(6)]
        workers = Supervised(Scripted(dies_after_s=1), *broken)
        asyncio.get_running_loop().call_later(70, os.kill, os.getpid(), signal.SIGTERM)
        await workers.run(lambda: None)
        return now_s()

    assert run(main()) == 70


def test_a_server_whose_workers_never_started_says_so():
    async def main():
        with pytest.raises(WorkerError):
            await Supervised(Scripted(starts=False)).run(lambda: None)

    run(main())
