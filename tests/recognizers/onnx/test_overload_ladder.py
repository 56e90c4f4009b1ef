"""When a machine is taken for overloaded, with waits and times that are made up."""

import logging

import pytest

from crossfade.recognizers.load import Rung
from crossfade.recognizers.onnx.ladder import BOUNDS_S, SMOOTHING_S, Ladder


@pytest.fixture
def ladder():
    return Ladder()


def waiting(ladder, wait_s, *, from_s, for_s, every_s=0.02):
    """Partials that all wait so long; gives the time of the last one."""
    now_s = from_s
    while now_s < from_s + for_s:
        ladder.note(wait_s, now_s=now_s)
        now_s += every_s
    return now_s - every_s


def test_a_steady_wait_is_what_the_smoothed_one_comes_to(ladder):
    now_s = waiting(ladder, 0.2, from_s=100.0, for_s=10 * SMOOTHING_S)
    assert ladder.wait_s(now_s) == pytest.approx(0.2, rel=0.02)


@pytest.mark.parametrize(
    ("wait_s", "rung"),
    [(0.05, Rung.CALM), (0.15, Rung.RARER), (0.4, Rung.SKIPPING), (0.9, Rung.FULL)],
)
def test_the_longer_partials_wait_the_higher_the_rung(ladder, wait_s, rung):
    now_s = waiting(ladder, wait_s, from_s=0.0, for_s=10 * SMOOTHING_S)
    assert ladder.rung(now_s) is rung


def test_no_single_late_partial_is_an_overload(ladder):
    ladder.note(0.01, now_s=0.0)
    ladder.note(1.0, now_s=60.0)
    assert ladder.rung(60.0) < Rung.SKIPPING


def test_a_rung_is_left_at_half_of_what_led_to_it(ladder):
    now_s = waiting(ladder, 1.1 * BOUNDS_S[Rung.RARER], from_s=0.0, for_s=20.0)
    now_s = waiting(ladder, 0.7 * BOUNDS_S[Rung.RARER], from_s=now_s, for_s=20.0)
    assert ladder.rung(now_s) is Rung.RARER
    now_s = waiting(ladder, 0.4 * BOUNDS_S[Rung.RARER], from_s=now_s, for_s=20.0)
    assert ladder.rung(now_s) is Rung.CALM


def test_overload_ends_with_the_work_although_no_partial_tells_so(ladder):
    now_s = waiting(ladder, 0.9, from_s=0.0, for_s=20.0)
    assert ladder.rung(now_s) is Rung.FULL
    assert ladder.rung(now_s + 1) is Rung.FULL
    assert ladder.rung(now_s + 10) is Rung.CALM


def test_every_rung_that_is_entered_or_left_is_logged(ladder, caplog):
    caplog.set_level(logging.INFO, "crossfade.recognizers")
    now_s = waiting(ladder, 0.9, from_s=0.0, for_s=20.0)
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3
    assert "new sessions are refused" in caplog.messages[-1]
    caplog.clear()
    ladder.rung(now_s + 60)
    assert [record.levelname for record in caplog.records] == ["INFO"] * 3
    assert "partials are on time" in caplog.messages[-1]
