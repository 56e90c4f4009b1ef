"""What a microphone's sound tells of its health; no clock, no device."""

import numpy as np
import pytest

from crossfade.client.sources.sound_check import LOWEST_DB, Signal, Trouble

RATE_HZ = 16_000
BLOCK_S = 0.05
START_S = 100.0


def tone(amplitude, *, seconds=BLOCK_S):
    times_s = np.arange(round(RATE_HZ * seconds)) / RATE_HZ
    return (amplitude * np.sin(2 * np.pi * 440 * times_s)).astype(np.float32)


def hear(signal, amplitude, *, from_s, to_s, speed=1.0):
    """Push blocks as a device does that runs at ``speed`` times the rate that it claims."""
    n_blocks = round((to_s - from_s) / BLOCK_S * speed)
    for number in range(1, n_blocks + 1):
        signal.push(tone(amplitude), now_s=START_S + from_s + number * BLOCK_S / speed)


def fresh():
    return Signal(RATE_HZ, now_s=START_S)


@pytest.mark.parametrize(
    ("amplitude", "trouble"),
    [
        pytest.param(0.0, Trouble.ZEROS, id="zeros"),
        pytest.param(0.0003, Trouble.SILENCE, id="silence"),
        pytest.param(3.0, Trouble.CLIPPING, id="clipping"),
        pytest.param(0.003, None, id="a-quiet-room"),
        pytest.param(0.3, None, id="speech"),
        pytest.param(0.99, None, id="loud-but-whole"),
    ],
)
def test_what_is_wrong_is_known_within_two_seconds(amplitude, trouble):
    signal = fresh()
    hear(signal, np.float32(amplitude), from_s=0, to_s=1.9)
    assert signal.trouble(START_S + 1.9) is trouble


def test_nothing_at_all_is_known_within_two_seconds():
    signal = fresh()
    assert signal.trouble(START_S + 1.0) is None
    assert signal.trouble(START_S + 1.9) is Trouble.NOTHING


@pytest.mark.parametrize("amplitude", [0.0, 0.0003])
def test_a_speaker_may_be_silent_for_longer_than_a_microphone_that_never_gave_sound(amplitude):
    signal = fresh()
    hear(signal, 0.1, from_s=0, to_s=1)
    hear(signal, amplitude, from_s=1, to_s=10)
    assert signal.trouble(START_S + 10) is None
    hear(signal, amplitude, from_s=10, to_s=12)
    assert signal.trouble(START_S + 12) in (Trouble.ZEROS, Trouble.SILENCE)


def test_trouble_is_over_when_its_cause_is():
    signal = fresh()
    hear(signal, 0.0, from_s=0, to_s=2)
    hear(signal, 2.0, from_s=2, to_s=3)
    assert signal.trouble(START_S + 3) is Trouble.CLIPPING
    hear(signal, 0.2, from_s=3, to_s=5.2)
    assert signal.trouble(START_S + 5.2) is None


@pytest.mark.parametrize("speed", [0.3333, 2.0, 3.0])
def test_a_rate_that_is_far_from_what_the_device_claims_is_known_within_two_seconds(speed):
    signal = fresh()
    hear(signal, 0.2, from_s=0, to_s=1.9, speed=speed)
    assert signal.trouble(START_S + 1.9) is Trouble.RATE


@pytest.mark.parametrize("speed", [44_100 / 48_000, 48_000 / 44_100])
def test_a_rate_that_is_near_to_it_is_known_within_nine_seconds(speed):
    signal = fresh()
    hear(signal, 0.2, from_s=0, to_s=9, speed=speed)
    assert signal.trouble(START_S + 9) is Trouble.RATE


def test_sound_that_arrives_in_bursts_is_no_wrong_rate():
    signal = fresh()
    for second in range(1, 12):
        for _ in range(20):
            signal.push(tone(0.2), now_s=START_S + second)
        assert signal.trouble(START_S + second) is not Trouble.RATE


def test_one_pause_of_the_machine_is_no_wrong_rate():
    signal = fresh()
    hear(signal, 0.2, from_s=0, to_s=1)
    hear(signal, 0.2, from_s=1.5, to_s=9)  # what was meant for the pause never came
    assert signal.trouble(START_S + 9) is None


def test_sound_that_the_system_threw_away_is_told_and_is_no_wrong_rate():
    signal = fresh()
    for number in range(200):
        signal.push(tone(0.2), now_s=START_S + number * 2 * BLOCK_S, overflowed=True)
        assert signal.trouble(START_S + number * 2 * BLOCK_S) is Trouble.LOST


def test_the_level_rises_at_once_and_falls_slowly():
    signal = fresh()
    assert signal.level_db == LOWEST_DB
    hear(signal, 0.5, from_s=0, to_s=0.05)
    assert signal.level_db == pytest.approx(-6.0, abs=0.1)
    hear(signal, 0.0, from_s=0.05, to_s=0.55)
    assert signal.level_db == pytest.approx(-21.0, abs=0.5)
    hear(signal, 0.0, from_s=0.55, to_s=4)
    assert signal.level_db == LOWEST_DB


def test_a_tone_above_full_scale_clips_where_the_device_cuts_it():
    signal = fresh()
    signal.push(np.clip(tone(1.2), -1, 1), now_s=START_S + BLOCK_S)
    assert signal.trouble(START_S + BLOCK_S) is Trouble.CLIPPING
