"""How many streams this machine can serve: a short measurement, and arithmetic.

Clock speed, caches, missing instructions: all of it shows in how long a decode takes while every
thread decodes. It is measured in CPU time, so that a server that starts while the machine is busy
with something else is not taken for a slow one for the rest of its life.
"""

import asyncio
import math
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from crossfade.audio.pcm import SAMPLE_RATE_HZ, Samples
from crossfade.recognizers.onnx.model import Moonshine
from crossfade.recognizers.onnx.recognizer import EmbeddedRecognizer

REFERENCE_SLOTS = 20
"""Slots of one thread on the reference machine: two cores, AVX-512 with VNNI. There 40 paced
streams with 63 % speech kept the two of them 73 % busy, with a p95 partial lag of 0.8 s; it came
to 1 s at 48 to 56. So two slots in three are what it could do at the most."""

REFERENCE_DECODE_S = 0.024
"""CPU time of the decode below on that machine, while the other thread does the same."""

BUFFER_S = 5.0
"""About what a partial hears: the middle of a segment that is cut at 12 s."""

KNOWN_TOKENS = 16
"""Of a partial's words, most were in the one before it; they go through in one pass."""

NEW_TOKENS = 4
"""... and each of the others takes a pass."""

ENOUGH_S = 0.25
LEAST_ROUNDS = 2


_QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""What a container may use, where it is limited: microseconds of CPU time, in so many."""


async def measure_slots(recognizer: EmbeddedRecognizer) -> int:
    """Measure, then count the slots. Takes 0.3 s, on a slow machine three decodes a thread.

    Args:
        recognizer: Started, and without streams.
    """
    return slots(await measure_decode_s(recognizer), n_cores=usable_cores(recognizer.n_threads))


def slots(decode_s: float, *, n_cores: float) -> int:
    """Count the sessions to admit: in proportion to the speed of the reference machine.

    Args:
        decode_s: As ``measure_decode_s`` gives it.
        n_cores: Cores that can be kept busy decoding, perhaps a fraction of one.

    Returns:
        At least 1: even a slow machine may try.
    """
    return max(1, int(n_cores * REFERENCE_SLOTS * REFERENCE_DECODE_S / decode_s))


def usable_cores(n_threads: int) -> float:
    """Count the cores that so many threads get: no more than the system lets this process have."""
    n_cores: float = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        n_cores = len(os.sched_getaffinity(0))
    return min(n_threads, n_cores, _quota_cores())


async def measure_decode_s(recognizer: EmbeddedRecognizer) -> float:
    """Measure the CPU time of a typical decode while all threads decode."""
    return await asyncio.to_thread(_measure, recognizer.model, recognizer.n_threads)


def _measure(model: Moonshine, n_threads: int) -> float:
    samples, known = _hum(), range(1000, 1000 + KNOWN_TOKENS)

    def decode(_number: int) -> float:
        start_s = time.thread_time()
        cross_kv = model.encode_samples(samples)
        model.decode(cross_kv, forced=known, max_tokens=KNOWN_TOKENS + NEW_TOKENS)
        return time.thread_time() - start_s

    took_s: list[float] = []
    with ThreadPoolExecutor(n_threads) as threads:
        list(threads.map(decode, range(n_threads)))  # threads are made, memory is allocated
        enough_s = time.monotonic() + ENOUGH_S
        while len(took_s) < LEAST_ROUNDS * n_threads or time.monotonic() < enough_s:
            took_s += threads.map(decode, range(n_threads))
    return statistics.median(took_s)


def _quota_cores() -> float:
    try:
        quota, period = _QUOTA.read_text().split()
        return int(quota) / int(period)
    except (OSError, ValueError):  # not in a container, or "max": not limited
        return math.inf


def _hum() -> Samples:
    """Make a sound that swells three times a second, as syllables do, with some noise."""
    seconds = np.arange(int(BUFFER_S * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    swell = 0.15 * (1 + np.sin(2 * np.pi * 3 * seconds))
    noise = np.random.default_rng(0).standard_normal(seconds.size)
    voice: Samples = (swell * np.sin(2 * np.pi * 140 * seconds) + 0.05 * noise).astype(np.float32)
    return voice
