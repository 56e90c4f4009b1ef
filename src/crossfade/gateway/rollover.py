"""When a session has to move because the far side's will end for its length. Arithmetic and waits.

A ``Window`` is laid before that end. When it opens, another session is opened, which hears the
audio too, and takes over as soon as no turn is open; from the window's half on, behind the next
final word; from its last tenth on, wherever the speaker is: both have heard the audio since the
last final word.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from crossfade.model import Event, Final, Partial, TurnEnded

LEAD_S = 45.0
"""So long before its end the next session is opened: time for an utterance to end, and for more
than one attempt."""

LEAD_SHARE = 0.25
"""Of a session that lives shorter than some minutes, at most so much of its life."""

LEAST_TOLD_S = 10.0
"""A far side that says it will end sooner than this has another clock than ours."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """The last part of a session's life, on the loop's clock."""

    opens_s: float
    at_border_s: float
    at_once_s: float
    lead_s: float

    @classmethod
    def of(cls, *, began_s: float, ends_s: float) -> "Window":
        """Lay it before the end."""
        lead_s = min(LEAD_S, LEAD_SHARE * (ends_s - began_s))
        return cls(
            opens_s=ends_s - lead_s,
            at_border_s=ends_s - lead_s / 2,
            at_once_s=ends_s - lead_s / 10,
            lead_s=lead_s,
        )

    def next_s(self, now_s: float) -> float:
        """When other rules begin to hold; after the last ones, soon."""
        later = (at_s for at_s in (self.at_border_s, self.at_once_s) if at_s > now_s)
        return next(later, now_s + self.lead_s / 10)


class Ending:
    """When a far session will be ended for its length; learned as it goes."""

    def __init__(self) -> None:
        self._began_s = 0.0
        self._ends_s: float | None = None
        self._learned = asyncio.Event()

    def began(self, now_s: float, *, lasts_s: float | None, told_s: float | None = None) -> None:
        """Note that a far session began.

        Args:
            now_s: On the loop's clock.
            lasts_s: How long sessions there last; ``None``: not known.
            told_s: How long this one lasts, as the far side says.
        """
        if told_s is not None and told_s < LEAST_TOLD_S:
            told_s = None
        known = [length_s for length_s in (lasts_s, told_s) if length_s is not None]
        self._began_s = now_s
        self._ends_s = now_s + min(known) if known else None
        self._learned.set()

    def left_s(self, now_s: float) -> float | None:
        """How long it will go on; ``None``: nobody knows."""
        return None if self._ends_s is None else self._ends_s - now_s

    async def nears(self) -> Window:
        """Wait until it is time to open the next session; for ever where there is no end."""
        while True:
            self._learned.clear()
            window = None
            if self._ends_s is not None:
                window = Window.of(began_s=self._began_s, ends_s=self._ends_s)
            wait_s = None if window is None else window.opens_s - _now_s()
            if window is not None and wait_s is not None and wait_s <= 0:
                return window
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._learned.wait()


@runtime_checkable
class Mortal(Protocol):
    """A stream that somebody else will end for its length."""

    @property
    def ending(self) -> Ending:
        """When."""


class Pause:
    """Whether a session stands between two words, or between two turns, by what was told."""

    def __init__(self) -> None:
        self.final_s = float("-inf")
        """When the last final word was told, on the loop's clock."""
        self.is_end = False
        """The last that was told is how a stream ends: a final and its partial."""
        self._has_open_words = False
        self._turn_has_words = False
        self._awaits_partial = False

    @property
    def is_quiet(self) -> bool:
        """No turn is open."""
        return not (self._has_open_words or self._turn_has_words or self._awaits_partial)

    @property
    def is_whole(self) -> bool:
        """Nothing is missing behind a final."""
        return not self._awaits_partial

    def resume(self) -> None:
        """Note that what was open is told anew."""
        self._has_open_words = self._awaits_partial = False

    def take(self, event: Event, *, now_s: float) -> None:
        """Note what was told."""
        match event:
            case Final(words=words):
                if words:
                    self._turn_has_words = True
                    self.final_s = now_s
                self._awaits_partial = True
            case Partial(words=words):
                self.is_end = self._awaits_partial and not words
                self._awaits_partial = False
                self._has_open_words = bool(words)
                return
            case TurnEnded():
                self._turn_has_words = False
            case _:
                pass  # no words
        self.is_end = False


def _now_s() -> float:
    return asyncio.get_running_loop().time()
