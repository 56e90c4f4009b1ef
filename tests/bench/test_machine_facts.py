"""What is said about the machine."""

import os
import sys
from pathlib import Path

import pytest

from crossfade.bench.machine import (
    Hardware,
    commit,
    environment,
    hardware,
    n_cores,
    process_cpu_s,
)


def machine(instructions):
    return Hardware(cpu="c", architecture="a", cores=1, instructions=instructions, system="s")


@pytest.mark.parametrize(
    ("instructions", "fast"),
    [
        (("avx2", "avx512_vnni"), True),
        (("asimddp",), True),
        (("avx2",), False),
        ((), False),
        (None, None),
    ],
)
def test_products_of_bytes_are_fast_with_the_instructions_for_it(instructions, fast):
    assert machine(instructions).has_fast_int8 is fast


def test_this_machine_has_a_name_and_cores():
    found = hardware()
    assert found.cpu
    assert found.cores == n_cores() >= 1


def test_the_environment_names_versions_and_a_time_in_utc():
    found = environment()
    assert {"crossfade", "onnxruntime", "numpy", "python"} <= found.versions.keys()
    assert found.time.endswith("+00:00")


def test_a_folder_that_is_no_checkout_has_no_commit(tmp_path):
    assert commit(tmp_path) is None


def test_a_checkout_has_a_commit():
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        pytest.skip("these tests do not lie in a checkout")
    assert commit(root)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_the_cpu_time_of_a_process_can_be_read():
    before_s = process_cpu_s(os.getpid())
    assert before_s is not None
    while process_cpu_s(os.getpid()) == before_s:
        sum(range(10_000))


def test_a_process_that_is_gone_has_no_cpu_time():
    assert process_cpu_s(2**30) is None
