"""Counting sessions."""

import pytest

from crossfade.errors import CapacityError
from crossfade.model import Usage
from crossfade.server.limits import Slots


async def test_a_slot_comes_back_however_its_session_ends():
    slots = Slots(1)

    async def fail() -> None:
        async with slots.slot("phone"):
            assert (slots.taken, slots.free) == (1, 0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert (slots.taken, slots.free) == (0, 1)


async def test_one_more_than_there_are_is_refused():
    slots = Slots(2)
    async with slots.slot("a"), slots.slot("b"):
        with pytest.raises(CapacityError) as full:
            async with slots.slot("c"):
                pass
    assert full.value.slots == 2


async def test_a_holder_with_a_limit_of_its_own():
    slots = Slots(9)
    async with slots.slot("a", at_most=1), slots.slot("b", at_most=1):
        with pytest.raises(CapacityError) as full:
            async with slots.slot("a", at_most=1):
                pass
    assert full.value.slots == 1
    async with slots.slot("a", at_most=1):
        pass


async def test_closed_slots_go_to_nobody_and_do_not_disturb_who_has_one():
    slots = Slots(2)
    async with slots.slot("a"):
        slots.close()
        assert slots.free == 0
        with pytest.raises(CapacityError):
            async with slots.slot("b"):
                pass
        assert slots.taken == 1


async def test_a_smaller_total_leaves_nobody_with_less_than_nothing():
    slots = Slots(2)
    async with slots.slot("a"), slots.slot("b"):
        slots.total = 1
        assert slots.free == 0


async def test_a_session_of_several_channels_takes_a_slot_for_each_and_counts_once_for_its_key():
    slots = Slots(4)
    async with slots.slot("a", at_most=2, n_channels=3):
        assert (slots.taken, slots.free) == (3, 1)
        with pytest.raises(CapacityError):
            async with slots.slot("a", n_channels=2):
                pass
        async with slots.slot("a", at_most=2):
            with pytest.raises(CapacityError):
                async with slots.slot("b"):
                    pass
    assert (slots.taken, slots.free) == (0, 4)


async def test_usage_is_told_where_somebody_set_a_limit():
    async with Slots(9).slot("a") as measured:
        assert measured is None
    async with Slots(9, is_chosen=True).slot("a", n_channels=2) as chosen:
        assert chosen == Usage(sessions=2, most=9)
    slots = Slots(9, is_chosen=True)
    async with slots.slot("b"), slots.slot("a", at_most=3) as of_a_key:
        assert of_a_key == Usage(sessions=1, most=3)
