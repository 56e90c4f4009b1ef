"""Which decode runs next: worker threads shared by all streams.

Urgent jobs in the order of their submission; then partials in theirs. (The longest unserved stream
first was worse: with 45 streams 95 % of words were seen after 1029 instead of 970 ms.) A job takes
its audio when it begins, not when it is queued: a partial may be late, never stale, and one that
begins late stands for all that would have been due meanwhile. Lives on the event loop; only the
jobs themselves run in threads, which scale because onnxruntime lets go of the interpreter lock.
"""

import asyncio
import time
from bisect import bisect_left
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from crossfade.recognizers.load import WAIT_BUCKETS_S, Load, QueueLoad
from crossfade.recognizers.onnx.jobs import Heard, Job
from crossfade.recognizers.onnx.ladder import Ladder
from crossfade.recognizers.onnx.rules import PARTIAL_INTERVAL_MS

ROOM_WAIT_S = 0.03
"""A smoothed wait of partials below this leaves room for some that are not due. With 0.01, 0.03 and
0.1 the p95 lag of 45 streams was the same, 950 to 1056 ms, within what runs differ by."""


@dataclass(slots=True, eq=False)
class Ticket:
    """A place in the queue."""

    urgent: bool
    take: Callable[[], Job]
    """Called on the event loop at the moment when a thread is free."""
    done: "Callable[[Ticket, Job | None, Heard | BaseException], None]"
    """Called on the event loop with the result, and the job unless ``take`` has failed; never
    after ``cancel``."""
    submitted: float = field(default_factory=time.monotonic)
    begun_at: float | None = None
    cpu_s: float = 0.0
    """CPU time of the decode, once it is done."""
    cancelled: bool = False

    def cancel(self) -> None:
        """Give the place back. A job that has begun runs on, its result is dropped."""
        self.cancelled = True

    @property
    def begun(self) -> bool:
        """It has a thread, or had one."""
        return self.begun_at is not None

    @property
    def waited_s(self) -> float:
        """Wall time from the submission to the beginning; until now, if that is still to come."""
        return (self.begun_at or time.monotonic()) - self.submitted


class Scheduler:
    """The queue and its threads."""

    def __init__(self, n_threads: int) -> None:
        """Start with nothing to do. Threads are made as they are needed."""
        self.n_threads = n_threads
        self._threads = ThreadPoolExecutor(n_threads, thread_name_prefix="crossfade-decode")
        self._idle = n_threads
        self._waiting: list[Ticket] = []
        self._ladder = Ladder()
        self._urgent_waits, self._partial_waits = _Waits(), _Waits()
        self._n_skipped = 0
        self._cpu_s = 0.0

    def load(self, *, inbox_s: float, model_cpu_s: float = 0.0) -> Load:
        """Tell how busy the threads are.

        Args:
            inbox_s: What only the streams know: audio that waits to be heard.
            model_cpu_s: What only the networks know: the CPU time that they took.
        """
        now_s = time.monotonic()
        return Load(
            rung=self._ladder.rung(now_s),
            partial_wait_s=self._ladder.wait_s(now_s),
            urgent=self._urgent_waits.load(self._n_waiting(urgent=True)),
            partial=self._partial_waits.load(self._n_waiting(urgent=False)),
            partials_skipped=self._n_skipped,
            decode_cpu_s=self._cpu_s,
            model_cpu_s=model_cpu_s,
            inbox_s=inbox_s,
        )

    @property
    def has_room(self) -> bool:
        """A thread has nothing to do, and partials have hardly waited of late."""
        is_idle = self._idle > 0 and not self._waiting
        return is_idle and self._ladder.wait_s(time.monotonic()) < ROOM_WAIT_S

    def submit(self, ticket: Ticket) -> Ticket:
        """Queue a job. Each stream has at most one ticket at a time, so the queue is bounded."""
        self._waiting.append(ticket)
        self._dispatch()
        return ticket

    def close(self) -> None:
        """Stop the threads; jobs in the queue are dropped, running ones are waited for."""
        self._waiting.clear()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _n_waiting(self, *, urgent: bool) -> int:
        return sum(t.urgent is urgent and not t.cancelled for t in self._waiting)

    def _dispatch(self) -> None:
        self._waiting = [ticket for ticket in self._waiting if not ticket.cancelled]
        while self._idle and self._waiting:
            # A list, not a heap: it holds a ticket a stream, and those that were cancelled go.
            ticket = min(self._waiting, key=_precedence)
            self._waiting.remove(ticket)
            self._begin(ticket)

    def _begin(self, ticket: Ticket) -> None:
        loop = asyncio.get_running_loop()
        ticket.begun_at = time.monotonic()
        self._note_wait(ticket)
        try:
            job = ticket.take()
            self._threads.submit(_run, ticket, job, loop, self._finish)
        except Exception as error:  # of this stream, or no new thread to be had: nobody else's end
            loop.call_soon(self._fail, ticket, error)
            return
        self._idle -= 1

    def _fail(self, ticket: Ticket, error: Exception) -> None:
        if not ticket.cancelled:
            ticket.done(ticket, None, error)

    def _note_wait(self, ticket: Ticket) -> None:
        waited_s = ticket.waited_s
        if ticket.urgent:
            self._urgent_waits.note(waited_s)
            return
        self._partial_waits.note(waited_s)
        self._n_skipped += int(1000 * waited_s) // PARTIAL_INTERVAL_MS
        self._ladder.note(waited_s, now_s=ticket.submitted + waited_s)

    def _finish(self, ticket: Ticket, job: Job, result: Heard | BaseException) -> None:
        self._idle += 1
        self._cpu_s += ticket.cpu_s
        if not ticket.cancelled:
            ticket.done(ticket, job, result)
        self._dispatch()


class _Waits:
    """The waits of one queue, counted."""

    def __init__(self) -> None:
        self._counts = [0] * (len(WAIT_BUCKETS_S) + 1)
        self._total_s = 0.0

    def note(self, wait_s: float) -> None:
        self._counts[bisect_left(WAIT_BUCKETS_S, wait_s)] += 1
        self._total_s += wait_s

    def load(self, n_waiting: int) -> QueueLoad:
        return QueueLoad(waiting=n_waiting, waits=tuple(self._counts), waited_s=self._total_s)


def _precedence(ticket: Ticket) -> tuple[bool, float]:
    """Smallest first; of equals, whichever came first."""
    return not ticket.urgent, ticket.submitted


def _run(
    ticket: Ticket,
    job: Job,
    loop: asyncio.AbstractEventLoop,
    finish: Callable[[Ticket, Job, Heard | BaseException], None],
) -> None:
    """Do a job in a worker thread, measure it, and hop to the event loop unless that is gone."""
    result: Heard | BaseException
    start_s = time.thread_time()
    try:
        result = job.run()
    except BaseException as error:  # even one that would end the thread
        result = error
    ticket.cpu_s = time.thread_time() - start_s
    if not loop.is_closed():
        loop.call_soon_threadsafe(finish, ticket, job, result)
