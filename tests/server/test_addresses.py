"""Counting by address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.errors import ConfigError
from crossfade.server.addresses import Crowd, Guesses, network_of
from crossfade.server.proxies import Proxies


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("unix:/run/proxy", "unix:/run/proxy"),
        ("x" * 100_000, "x" * 64),
    ],
)
def test_an_address_stands_for_its_network(address, network):
    assert network_of(address) == network


def test_a_crowd_has_a_limit_in_all_and_one_for_each_address():
    crowd = Crowd(most=3, most_each=2)
    assert [crowd.enter("a"), crowd.enter("a"), crowd.enter("a")] == [True, True, False]
    assert [crowd.enter("b"), crowd.enter("b")] == [True, False]
    crowd.leave("a")
    assert crowd.enter("b")
    assert crowd.present == 3


def test_a_proxy_may_bring_as_many_as_there_is_room_for():
    crowd = Crowd(most=3, most_each=1)
    assert [crowd.enter("proxy", is_trusted=True) for _ in range(4)] == [True, True, True, False]


def test_addresses_of_one_ipv6_network_are_one():
    crowd = Crowd(most=9, most_each=1)
    assert crowd.enter("2001:db8::1")
    assert not crowd.enter("2001:db8::2")
    assert crowd.enter("2001:db8:0:1::1")


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"))))
def test_a_crowd_never_exceeds_its_limits_and_empties(moves):
    crowd = Crowd(most=4, most_each=2)
    inside: list[str] = []
    for comes, who in moves:
        if comes and crowd.enter(who):
            inside.append(who)
        elif not comes and who in inside:
            inside.remove(who)
            crowd.leave(who)
        assert crowd.present == len(inside) <= 4
        assert inside.count(who) <= 2
    for who in inside:
        crowd.leave(who)
    assert crowd._by_network == {}


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def guesses(clock):
    return Guesses(per_minute=3, most_addresses=2, now=lambda: clock[0])


def guess(guesses, address="a", *, n, first=0):
    for number in range(first, first + n):
        guesses.wrong(address, f"wrong-{number}")


def test_whoever_guesses_too_much_waits_until_the_window_has_moved_on(guesses, clock):
    guesses.wrong("a", "one")
    clock[0] += 20
    guess(guesses, n=1)
    assert guesses.wait_s("a") == 0
    guess(guesses, n=1, first=1)
    assert guesses.wait_s("a") == 40
    assert guesses.wait_s("b") == 0
    clock[0] += 40
    assert guesses.wait_s("a") == 0
    guess(guesses, n=1, first=2)  # the first has been forgotten: these are three again
    assert guesses.wait_s("a") == 20


def test_the_same_wrong_key_again_and_again_is_no_guessing(guesses):
    for _ in range(1000):
        guesses.wrong("a", "yesterday's key")
    assert guesses.wait_s("a") == 0


def test_guesses_from_one_ipv6_network_add_up(guesses):
    for number in range(3):
        guesses.wrong(f"2001:db8::{number}", f"wrong-{number}")
    assert guesses.wait_s("2001:db8::99") > 0


def test_the_table_is_bounded_and_forgets_the_quietest(guesses):
    for address in ("a", "b", "c"):
        guess(guesses, address, n=50)
    assert len(guesses) == 2
    assert (guesses.wait_s("a"), guesses.wait_s("c")) == (0, 60)
    assert all(len(times) <= 3 for times in guesses._wrong.values())


def test_nothing_that_was_shown_is_kept(guesses):
    guesses.wrong("a", "key-of-another-service")
    assert "key-of-another-service" not in repr(vars(guesses))


def test_without_a_limit_nobody_waits_and_nothing_is_remembered():
    guesses = Guesses(per_minute=0)
    guess(guesses, n=1000)
    assert (guesses.wait_s("a"), len(guesses)) == (0, 0)


def test_proxies_are_addresses_and_networks():
    proxies = Proxies(["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"])
    assert "127.0.0.1" in proxies
    assert "10.1.2.3" in proxies
    assert "2001:db8::1" in proxies
    assert "127.0.0.2" not in proxies
    assert "" not in proxies
    assert "10.1.2.3" not in Proxies([])


@pytest.mark.parametrize("wrong", ["proxy.example", "10.0.0.1/8", "*", ""])
def test_what_is_no_network_is_no_proxy(wrong):
    with pytest.raises(ConfigError, match="a trusted proxy"):
        Proxies([wrong])
