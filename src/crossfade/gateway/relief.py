"""How one session with a backend takes over from another one, before that is as long as it may be.

See ``rollover`` for when.
"""

import asyncio
import logging
from contextlib import suppress
from functools import partial

from crossfade.errors import CapacityError, ConfigError, CrossfadeError
from crossfade.gateway.leg import Leg
from crossfade.gateway.losses import TimeIsUpError, cause_of
from crossfade.gateway.place import now_s
from crossfade.gateway.rollover import Mortal, Window
from crossfade.gateway.stage import Stage
from crossfade.model import Event

logger = logging.getLogger("crossfade.gateway")


async def is_relieved(stage: Stage, leg: Leg) -> bool:
    """Follow a leg until another one takes over (``True``), or to its end (``False``).

    Raises:
        CrossfadeError: If it fails, or its time is up without another one.
    """
    relieving = asyncio.create_task(_relieve(stage, leg))
    try:
        await asyncio.wait({leg.task, relieving}, return_when=asyncio.FIRST_COMPLETED)
        if stage.leg is not leg:
            return True
        if not leg.task.done():
            relieving.result()  # it raises: else there would be another leg
        leg.task.result()
        return False
    finally:
        relieving.cancel()
        await asyncio.gather(relieving, return_exceptions=True)
        if stage.leg is not leg:
            await leg.end()


async def _relieve(stage: Stage, leg: Leg) -> None:
    """Open another session before a leg's time is up, and return once that has taken over.

    Raises:
        TimeIsUpError: If none was to be had by then.
    """
    if not isinstance(leg.stream, Mortal):
        return await _for_ever()
    while True:
        window = await leg.stream.ending.nears()
        if leg.is_end_told:
            return await _for_ever()
        if now_s() >= window.at_once_s:
            raise TimeIsUpError(f"the time with {leg.place.name} is up", cause="time")
        try:
            successor = stage.beside(leg)
        except (ConfigError, CapacityError) as error:
            _tell_of_no_room(leg, error)
        else:
            if await _takes_over(stage, leg, successor, window):
                return None
        await asyncio.sleep(window.lead_s / 10)


async def _takes_over(stage: Stage, leg: Leg, successor: Leg, window: Window) -> bool:
    """Wait for the moment; ``False``: it failed, or is not needed any more."""
    stage.successor = successor
    try:
        while not (successor.task.done() or leg.is_end_told):
            stage.stirred.clear()
            await stage.news.tell(partial(_handed_over, stage, leg, successor, window))
            if stage.leg is successor:
                return True
            with suppress(TimeoutError):
                async with asyncio.timeout_at(window.next_s(now_s())):
                    await stage.stirred.wait()
    finally:
        stage.successor = None
        if stage.leg is not successor:
            await successor.end()
    if not leg.is_end_told and not successor.task.cancelled():
        _tell_of_no_room(leg, successor.task.exception())
    return False


def _handed_over(stage: Stage, leg: Leg, successor: Leg, window: Window) -> list[Event]:
    """Change over if this is the moment; returns what the next one has to say beyond."""
    if stage.leg is not leg or not _is_moment(stage, successor, window):
        return []
    leg.place.left("rollover", "time", to=leg.place, at_ms=stage.timeline.settled_ms)
    return stage.hand_over(successor)


def _is_moment(stage: Stage, successor: Leg, window: Window) -> bool:
    pause, now = stage.pause, now_s()
    if now >= window.at_once_s:
        return pause.is_whole
    if successor.backlog or stage.tape.unanswered():
        return False
    is_late = now >= window.at_border_s
    if is_late and pause.is_quiet:
        return True  # where nobody speaks, it may have had nothing to say
    has_caught_up = successor.heard_ms >= stage.timeline.settled_ms
    is_behind_word = is_late and pause.is_whole and pause.final_s >= window.at_border_s
    return has_caught_up and (pause.is_quiet or is_behind_word)


def _tell_of_no_room(leg: Leg, error: BaseException | None) -> None:
    cause = cause_of(error) if isinstance(error, CrossfadeError) else "fault"
    logger.info("backend %s: no session to roll over to (%s)", leg.place.name, cause)


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()
