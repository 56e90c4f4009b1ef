"""Which decode runs next: worker threads shared by all streams.

Urgent jobs in the order of their submission, then partials in theirs. A job takes its audio when
it begins, not when it is queued: under load a partial is late, never stale, and every stream's
interval widens alike. Lives on the event loop; only the jobs themselves run in threads, which
scale because onnxruntime lets go of the interpreter lock.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from crossfade.recognizers.onnx.transcriber import Heard, Job

WAIT_SMOOTHING = 0.05
"""Weight of the newest wait in the smoothed one: it looks back over some 20 partials."""


@dataclass(slots=True, eq=False)
class Ticket:
    """A place in the queue."""

    urgent: bool
    take: Callable[[], Job]
    """Called on the event loop at the moment when a thread is free."""
    done: Callable[[Job, Heard | BaseException], None]
    """Called on the event loop with the result; never after ``cancel``."""
    submitted: float = field(default_factory=time.monotonic)
    begun: bool = False
    cancelled: bool = False

    def cancel(self) -> None:
        """Give the place back. A job that has begun runs on, its result is dropped."""
        self.cancelled = True

    @property
    def waited_s(self) -> float:
        """Wall time since the submission."""
        return time.monotonic() - self.submitted


class Scheduler:
    """The queue and its threads."""

    def __init__(self, n_threads: int) -> None:
        """Start with nothing to do. Threads are made as they are needed."""
        self.n_threads = n_threads
        self.partial_wait_s = 0.0
        """Smoothed wait of partials between being due and beginning: the measure of load."""
        self._threads = ThreadPoolExecutor(n_threads, thread_name_prefix="crossfade-decode")
        self._idle = n_threads
        self._queue: list[tuple[bool, int, Ticket]] = []
        self._order = itertools.count()

    def submit(self, ticket: Ticket) -> Ticket:
        """Queue a job. Each stream has at most one ticket at a time, so the queue is bounded."""
        heapq.heappush(self._queue, (not ticket.urgent, next(self._order), ticket))
        self._dispatch()
        return ticket

    def close(self) -> None:
        """Stop the threads; jobs in the queue are dropped, running ones are waited for."""
        self._queue.clear()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _dispatch(self) -> None:
        loop = asyncio.get_running_loop()
        while self._idle and self._queue:
            ticket = heapq.heappop(self._queue)[2]
            if ticket.cancelled:
                continue
            ticket.begun = True
            if not ticket.urgent:
                self.partial_wait_s += WAIT_SMOOTHING * (ticket.waited_s - self.partial_wait_s)
            self._idle -= 1
            job = ticket.take()
            self._threads.submit(job.run).add_done_callback(
                lambda future, ticket=ticket, job=job: _call_soon(  # type: ignore[misc]
                    loop, self._finish, ticket, job, future
                )
            )

    def _finish(self, ticket: Ticket, job: Job, future: Future[Heard]) -> None:
        self._idle += 1
        if not ticket.cancelled:
            ticket.done(job, future.exception() or future.result())
        self._dispatch()


def _call_soon(
    loop: asyncio.AbstractEventLoop,
    call: Callable[[Ticket, Job, Future[Heard]], None],
    ticket: Ticket,
    job: Job,
    future: Future[Heard],
) -> None:
    """Hop from a worker thread to the event loop, unless that is already gone."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(call, ticket, job, future)
