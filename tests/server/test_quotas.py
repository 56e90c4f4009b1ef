"""What a key may do in a minute, and a token once."""

import pytest

from crossfade.errors import CapacityError, CredentialError, RateError
from crossfade.server.quotas import Opens, UsedTokens


@pytest.fixture
def clock():
    return [1000.0]


def test_opens_are_counted_in_a_window_that_slides(clock):
    opens = Opens(now=lambda: clock[0])
    for at_s in (0, 20, 40):
        clock[0] = 1000.0 + at_s
        opens.take("phone", at_most=3)
    clock[0] = 1059.9
    with pytest.raises(RateError) as refused:
        opens.take("phone", at_most=3)
    assert refused.value.per_minute == 3
    clock[0] = 1060.0  # the first is a minute old; the refused one was not counted
    opens.take("phone", at_most=3)
    with pytest.raises(RateError):
        opens.take("phone", at_most=3)


def test_one_keys_opens_are_not_anothers(clock):
    opens = Opens(now=lambda: clock[0])
    opens.take("phone", at_most=1)
    opens.take("laptop", at_most=1)


def test_a_burst_over_the_border_of_a_minute_is_no_way_round(clock):
    opens, taken = Opens(now=lambda: clock[0]), []
    for tenth in range(1800):
        clock[0] = 1000.0 + tenth / 10
        try:
            opens.take("phone", at_most=5)
            taken.append(clock[0])
        except RateError:
            pass
    assert max(sum(t <= u < t + 60 for u in taken) for t in taken) == 5
    assert len(taken) == 15


def test_names_that_come_and_go_leave_no_trace(clock):
    opens = Opens(now=lambda: clock[0])
    for number in range(1000):
        clock[0] += 1
        opens.take(f"key-{number}", at_most=5)
    assert len(opens) <= 61


def test_a_token_is_used_once_and_forgotten_when_it_has_expired(clock):
    used = UsedTokens(late_s=0, now=lambda: clock[0])
    used.add("t1", expires=1010)
    assert "t1" in used
    with pytest.raises(CredentialError):
        used.add("t1", expires=1010)
    clock[0] = 1011.0
    used.add("t2", expires=1020)
    assert len(used) == 1


def test_of_clients_that_showed_a_token_in_time_and_start_late_one_starts(clock):
    used = UsedTokens(late_s=60, now=lambda: clock[0])
    clock[0] = 1011.0
    used.add("t1", expires=1010)
    for late_s in (1, 60):
        clock[0] = 1010.0 + late_s
        with pytest.raises(CredentialError):
            used.add("t1", expires=1010)
    clock[0] = 1071.0
    used.add("t2", expires=1080)
    assert len(used) == 1


def test_a_full_table_refuses_tokens_and_forgets_none(clock):
    used = UsedTokens(late_s=0, most=2, now=lambda: clock[0])
    used.add("t1", expires=1010)
    used.add("t2", expires=1020)
    with pytest.raises(CapacityError):
        used.add("t3", expires=1030)
    assert "t1" in used
    clock[0] = 1011.0
    used.add("t3", expires=1030)
