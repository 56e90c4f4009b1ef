"""The search for the most that still works, with a machine made of one number."""

from hypothesis import given
from hypothesis import strategies as st

from crossfade.bench.search import RESOLUTION, most


class Machine:
    """Works up to a number, and remembers what was tried."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.tried = []

    async def works(self, number):
        self.tried.append(number)
        return number <= self.capacity


async def test_it_doubles_until_it_is_too_much_and_then_halves_the_interval():
    machine = Machine(45)
    assert await most(machine.works, first=8, limit=1000) == 44
    assert machine.tried == [8, 16, 32, 64, 48, 40, 44, 46]


async def test_it_finds_small_numbers_below_its_first_guess():
    machine = Machine(1)
    assert await most(machine.works, first=8, limit=1000) == 1
    assert machine.tried == [8, 4, 2, 1]


async def test_nothing_works_at_all():
    assert await most(Machine(0).works, first=8, limit=1000) == 0


async def test_it_stops_at_the_limit():
    machine = Machine(10**9)
    assert await most(machine.works, first=8, limit=20) == 20
    assert machine.tried == [8, 16, 20]


@given(st.integers(0, 2000), st.integers(1, 300), st.integers(1, 1000))
async def test_the_answer_works_and_a_little_more_does_not(capacity, first, limit):
    machine = Machine(capacity)
    found = await most(machine.works, first=first, limit=limit)
    best = min(capacity, limit)
    assert found <= best
    assert best - found <= max(1, found // RESOLUTION) - 1
    assert len(machine.tried) == len(set(machine.tried))
    assert all(1 <= number <= limit for number in machine.tried)
