"""How a graph is loaded and run: one place for the settings of onnxruntime."""

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from crossfade.errors import ModelError


class Graph:
    """A graph, shared by all threads, and the CPU time that it has taken so far."""

    def __init__(self, path: Path) -> None:
        """Load it. ``run`` lets go of the interpreter lock and may be called by many at once.

        It computes in the calling thread only. A pool of its own would spin against our worker
        threads: two graphs with two threads each on two cores are three times slower.

        Raises:
            ModelError: If the file is missing or is not a graph that onnxruntime understands.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only; they are raised as well
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as exc:  # onnxruntime's exceptions share no base of their own
            raise ModelError(
                f"{path.name} cannot be loaded; `crossfade models verify` says what is wrong"
            ) from exc
        self._counting = threading.Lock()
        self._cpu_s = 0.0

    @property
    def cpu_s(self) -> float:
        """CPU time of all runs, in all threads."""
        return self._cpu_s

    def run(
        self, outputs: Sequence[str] | None, inputs: Mapping[str, NDArray[Any]]
    ) -> list[NDArray[np.float32]]:
        """Compute the named outputs; ``None``: all of them, in the graph's order."""
        began_s = time.thread_time()
        computed: list[NDArray[np.float32]] = self._session.run(outputs, inputs)
        took_s = time.thread_time() - began_s
        with self._counting:
            self._cpu_s += took_s
        return computed
