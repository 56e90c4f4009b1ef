"""Which decode runs next, with jobs that wait until they are let go."""

import asyncio
import threading

import pytest

from crossfade.recognizers.onnx.scheduler import Scheduler, Ticket


class HeldJob:
    """Runs until it is released; gives its own name."""

    def __init__(self, name: str, log: list[str], *, held: bool = False, fails: bool = False):
        self.name = name
        self.log = log
        self.fails = fails
        self.released = threading.Event()
        if not held:
            self.released.set()

    def run(self) -> str:
        assert self.released.wait(10)
        self.log.append(self.name)
        if self.fails:
            raise ValueError(self.name)
        return self.name


class Desk:
    """Submits held jobs and collects what came back."""

    def __init__(self, n_threads: int):
        self.scheduler = Scheduler(n_threads)
        self.log: list[str] = []
        self.begun: list[str] = []
        self.results: asyncio.Queue[object] = asyncio.Queue()

    def submit(self, name: str, *, urgent: bool = False, **how: bool) -> tuple[HeldJob, Ticket]:
        job = HeldJob(name, self.log, **how)

        def take():
            self.begun.append(name)
            return job

        ticket = Ticket(
            urgent=urgent,
            take=take,
            done=lambda _ticket, _job, result: self.results.put_nowait(result),
        )
        return job, self.scheduler.submit(ticket)

    async def collect(self, count: int) -> list[object]:
        async with asyncio.timeout(10):
            return [await self.results.get() for _ in range(count)]


@pytest.fixture
def desk():
    desk = Desk(1)
    yield desk
    desk.scheduler.close()


async def test_finals_overtake_the_partials_that_wait(desk):
    first, _ = desk.submit("running", held=True)
    desk.submit("partial 1")
    desk.submit("partial 2")
    desk.submit("final 1", urgent=True)
    desk.submit("final 2", urgent=True)
    first.released.set()
    assert await desk.collect(5) == ["running", "final 1", "final 2", "partial 1", "partial 2"]


async def test_a_job_takes_its_audio_when_it_begins_not_when_it_is_queued(desk):
    first, _ = desk.submit("running", held=True)
    desk.submit("waiting")
    assert desk.begun == ["running"]
    first.released.set()
    await desk.collect(2)
    assert desk.begun == ["running", "waiting"]


async def test_a_cancelled_ticket_is_never_begun(desk):
    first, _ = desk.submit("running", held=True)
    _, ticket = desk.submit("given up")
    desk.submit("last")
    ticket.cancel()
    first.released.set()
    assert await desk.collect(2) == ["running", "last"]
    assert "given up" not in desk.log


async def test_the_result_of_a_job_cancelled_while_it_runs_is_dropped(desk):
    first, ticket = desk.submit("running", held=True)
    ticket.cancel()
    desk.submit("last")
    first.released.set()
    assert await desk.collect(1) == ["last"]
    assert desk.log == ["running", "last"]


async def test_a_failing_job_hands_over_its_exception_and_frees_its_thread(desk):
    desk.submit("bad", fails=True)
    desk.submit("good")
    bad, good = await desk.collect(2)
    assert isinstance(bad, ValueError)
    assert good == "good"


async def test_as_many_jobs_run_at_once_as_there_are_threads():
    desk = Desk(2)
    jobs = [desk.submit(str(n), held=True)[0] for n in range(3)]
    assert desk.begun == ["0", "1"]
    for job in jobs:
        job.released.set()
    await desk.collect(3)
    desk.scheduler.close()


async def test_there_is_room_while_a_thread_is_idle_and_partials_do_not_wait(desk):
    assert desk.scheduler.has_room
    first, _ = desk.submit("running", urgent=True, held=True)
    assert not desk.scheduler.has_room
    _, late = desk.submit("waiting")
    late.submitted -= 0.5  # it has waited for so long already
    first.released.set()
    await desk.collect(2)
    assert not desk.scheduler.has_room, "the threads are idle, but were not of late"


async def test_partials_have_their_turn_in_the_order_in_which_they_became_due(desk):
    first, _ = desk.submit("running", held=True)
    desk.submit("early")
    desk.submit("late")
    desk.submit("final", urgent=True)
    first.released.set()
    assert await desk.collect(4) == ["running", "final", "early", "late"]


async def test_both_queues_are_counted_and_only_the_wait_of_partials_is_load(desk):
    first, _ = desk.submit("running", urgent=True, held=True)
    _, final = desk.submit("final", urgent=True)
    final.submitted -= 3.0
    _, partial = desk.submit("partial")
    partial.submitted -= 1.2
    _, given_up = desk.submit("given up")
    given_up.cancel()
    load = desk.scheduler.load(inbox_s=4.5)
    assert (load.urgent.waiting, load.partial.waiting, load.inbox_s) == (1, 1, 4.5)
    assert (sum(load.urgent.waits), sum(load.partial.waits)) == (1, 0)
    first.released.set()
    await desk.collect(3)
    load = desk.scheduler.load(inbox_s=0.0)
    assert (load.urgent.waiting, load.partial.waiting) == (0, 0)
    assert (load.urgent.waits[-1], sum(load.urgent.waits)) == (1, 2)  # longer than any bound
    assert load.partial.waits[-2:] == (1, 0)  # between 1.0 and 2.5 s
    assert load.urgent.waited_s == pytest.approx(3.0, abs=0.5)
    assert load.partials_skipped == 2  # one was due every 0.5 s
    assert 0.1 < load.partial_wait_s < 0.5


class BusyJob(HeldJob):
    """Takes some CPU time."""

    def run(self) -> str:
        sum(range(200_000))
        return super().run()


@pytest.mark.parametrize("fails", [False, True])
async def test_the_cpu_time_of_decodes_is_measured(desk, fails):
    done: asyncio.Queue[Ticket] = asyncio.Queue()
    job = BusyJob("busy", desk.log, fails=fails)
    desk.scheduler.submit(
        Ticket(urgent=True, take=lambda: job, done=lambda ticket, *_: done.put_nowait(ticket))
    )
    async with asyncio.timeout(10):
        ticket = await done.get()
    assert ticket.cpu_s > 0.0
    assert desk.scheduler.load(inbox_s=0.0).decode_cpu_s == ticket.cpu_s
