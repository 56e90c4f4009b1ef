"""How a graph is loaded: one place for the settings of onnxruntime."""

from pathlib import Path
from typing import Any

import onnxruntime

from crossfade.errors import ModelError


def load_session(path: Path) -> Any:
    """Load a graph, shared by all threads: ``run`` releases the GIL and may be called at once.

    It computes in the calling thread only. A pool of its own would spin against our worker
    threads: two graphs with two threads each on two cores are three times slower.

    Returns:
        An ``onnxruntime.InferenceSession``; the library ships no types.

    Raises:
        ModelError: If the file is missing or is not a graph that onnxruntime understands.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only; they are raised as well
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as exc:  # onnxruntime's exceptions share no base of their own
        raise ModelError(
            f"{path.name} cannot be loaded; `crossfade models verify` says what is wrong"
        ) from exc
