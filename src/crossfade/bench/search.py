"""How many is the most that still works: doubling, then halving the interval."""

from collections.abc import Awaitable, Callable

RESOLUTION = 16
"""The search ends when it is sure to one part in so many."""


async def most(works: Callable[[int], Awaitable[bool]], *, first: int, limit: int) -> int:
    """Find the largest number that works, where a smaller one works whenever a larger does.

    Args:
        works: Tries a number; each is tried once.
        first: Where to begin, at least 1.
        limit: No larger number is tried.

    Returns:
        0 if not even 1 works.
    """
    good, bad = 0, limit + 1
    number = min(first, limit)
    while bad - good > max(1, good // RESOLUTION):
        if await works(number):
            good = number
        else:
            bad = number
        number = min(2 * good, limit) if bad > limit and good else (good + bad) // 2
    return good
