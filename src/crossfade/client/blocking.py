"""Calls that may block for ever, such as reading from a pipe that nobody writes into."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar, cast

_T = TypeVar("_T")


async def in_daemon(call: Callable[[], _T]) -> _T:
    """Make a call in a thread of its own, which does not keep the process alive.

    ``asyncio.to_thread`` would: a program that is told to end then waits for the call. A cancel
    leaves the call running and drops what it returns.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[_T] = loop.create_future()

    def settle(result: _T | None, error: Exception | None) -> None:
        if outcome.done():
            return
        if error is None:
            outcome.set_result(cast("_T", result))
        else:
            outcome.set_exception(error)

    def work() -> None:
        result, failure = None, None
        try:
            result = call()
        except Exception as error:  # to whoever awaits it
            failure = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=work, daemon=True).start()
    return await outcome
