"""How many sessions a machine admits."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.recognizers.onnx import EmbeddedRecognizer, calibrate
from crossfade.recognizers.onnx.calibrate import (
    REFERENCE_DECODE_S,
    REFERENCE_SLOTS,
    measure_slots,
    slots,
    usable_cores,
)


def test_the_reference_machine_has_its_slots():
    assert slots(REFERENCE_DECODE_S, n_cores=2) == 2 * REFERENCE_SLOTS


@given(st.floats(1e-4, 100), st.floats(0.1, 1000))
def test_half_the_speed_is_half_the_slots_and_one_is_left_to_everybody(decode_s, n_cores):
    found = slots(decode_s, n_cores=n_cores)
    assert found >= 1
    assert abs(slots(2 * decode_s, n_cores=n_cores) - found / 2) <= 1
    assert slots(decode_s, n_cores=2 * n_cores) >= found


@pytest.mark.parametrize(
    ("written", "cores"),
    [("150000 100000\n", 1.5), ("max 100000\n", math.inf), ("", math.inf), (None, math.inf)],
)
def test_a_container_gets_what_its_quota_leaves(tmp_path, monkeypatch, written, cores):
    monkeypatch.setattr(calibrate, "_QUOTA", tmp_path / "none")
    unlimited = usable_cores(10**6)
    quota = tmp_path / "cpu.max"
    if written is not None:
        quota.write_text(written)
    monkeypatch.setattr(calibrate, "_QUOTA", quota)
    assert usable_cores(10**6) == min(unlimited, cores)
    assert usable_cores(1) == 1


@pytest.mark.model
async def test_a_warm_recognizer_is_measured(model_files):
    recognizer = EmbeddedRecognizer(model_files, n_threads=2)
    try:
        await recognizer.start()
        assert await measure_slots(recognizer) >= 1
    finally:
        await recognizer.aclose()
