"""A session's way from backend to backend, and from one session with a backend to the next.

Two reasons to move. A backend fails: the next one hears the tape again from before the last final
word. Or its session will soon be as long as one may be: another one is opened beside it, hears the
same, and takes over at a good moment (``relief``). Either way the timeline leaves out the words
that are known.
"""

import asyncio
import itertools
import random
from collections.abc import Iterator, Sequence

from crossfade.errors import AudioError, CapacityError, ConfigError, CrossfadeError
from crossfade.gateway.losses import DeafError, TimeIsUpError, cause_of
from crossfade.gateway.place import Place, now_s
from crossfade.gateway.relief import is_relieved
from crossfade.gateway.stage import Stage

ATTEMPTS = 8
"""Backends that one session may use up, the same one counted anew."""

PAUSE_S = 0.25
"""Before a backend is tried again that has failed in this session; doubled each time."""

LONGEST_PAUSE_S = 10.0
"""A session does not wait longer than this for a backend that asks to be left alone."""

_PAUSE_DOUBLINGS = 4


class Course:
    """Make it, then ``await run()`` once."""

    def __init__(self, places: Sequence[Place], stage: Stage) -> None:
        """Nothing is opened yet.

        Args:
            places: In order; all of them know the language.
            stage: Who is listened to.
        """
        self._places = places
        self._stage = stage
        self._n_failures = 0
        self._n_unheard = 0  # failures since a backend last said anything

    async def run(self) -> None:
        """Hear the session out.

        Raises:
            CrossfadeError: The last reason, once every way was tried often enough.
        """
        stage, turn = self._stage, self._order()
        place = next(turn)
        while (loss := await self._attempt(place)) is not None:
            self._count(loss)
            is_planned = isinstance(loss, TimeIsUpError)
            if not (is_planned or self._may_move()):
                raise loss
            left, place = place, place if is_planned else next(turn)
            await self._rest(place, loss)
            await stage.rewind(place)
            left.left(
                "rollover" if is_planned else "failover",
                cause_of(loss),
                to=place,
                at_ms=stage.timeline.settled_ms,
            )

    def _count(self, loss: CrossfadeError) -> None:
        if isinstance(loss, TimeIsUpError | DeafError):  # both have had their time
            return
        self._n_failures += 1
        self._n_unheard = 1 if self._stage.is_heard else self._n_unheard + 1

    def _may_move(self) -> bool:
        """Tell whether there is another try: one for each, until one has taken the session up."""
        attempts = ATTEMPTS if self._stage.was_reached else len(self._places)
        return not self._stage.is_alone and self._n_failures < attempts

    def _order(self) -> Iterator[Place]:
        """Round and round; a backend that is known to be down is passed by, unless all are."""
        for place in itertools.cycle(self._places):
            is_open = place.breaker.allows(now_s())
            if self._stage.is_alone or is_open or not self._any_is_closed():
                yield place

    def _any_is_closed(self) -> bool:
        return any(place.breaker.is_closed(now_s()) for place in self._places)

    async def _rest(self, place: Place, loss: CrossfadeError) -> None:
        """Wait before a backend is tried anew; sessions that lost it together do not return as one.

        Raises:
            CrossfadeError: The loss, if it asks for more time than a session has.
        """
        n_rests = self._n_unheard - len(self._places)
        if n_rests < 0 or isinstance(loss, TimeIsUpError):
            return
        asked_s = place.breaker.asked_s(now_s())
        if asked_s > LONGEST_PAUSE_S:
            raise loss
        pause_s = PAUSE_S * 2 ** min(n_rests, _PAUSE_DOUBLINGS) * (0.5 + random.random() / 2)
        await asyncio.sleep(max(pause_s, asked_s))

    async def _attempt(self, place: Place) -> CrossfadeError | None:
        """Go on with one backend: to the end (``None``), or until it fails (why).

        Raises:
            AudioError: If the fault is our client's, not the backend's.
        """
        try:
            await self._converse(place)
        except AudioError:  # our client's own fault
            raise
        except (ConfigError, CapacityError, TimeIsUpError) as error:  # nothing against it
            return error
        except CrossfadeError as error:
            place.failed(error)
            return error
        finally:
            place.breaker.let_go()
            self._stage.tape.stop()
        return None

    async def _converse(self, place: Place) -> None:
        """Go on with one backend, in as many of its sessions as that takes."""
        stage = self._stage
        leg = stage.begin(place)
        try:
            while await is_relieved(stage, leg):
                assert stage.leg is not None
                leg = stage.leg
        finally:
            last, stage.leg = stage.leg or leg, None
            await last.end()
