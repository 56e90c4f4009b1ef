"""Turns the shipped speaker network into the graph that the engine runs.

Bands of hearing, three layers of LSTM, of which the last one's last state counts, a linear layer,
a rectifier, and unit length: the GE2E network (Wan et al. 2018) as Resemble.AI trained it. Done
once a machine, in a fraction of a second; running needs no ``onnx``.
"""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from crossfade.errors import ModelError
from crossfade.recognizers.onnx.blocks import GraphBuilder
from crossfade.recognizers.onnx.speakers.checkpoint import Tensors, read_checkpoint
from crossfade.recognizers.onnx.speakers.features import N_BINS, mel_filters

WIDTH = 256
N_LAYERS = 3

_WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def convert(checkpoint: Path, target: Path) -> None:
    """Write the graph: ``spectra[n, steps, 201]`` -> ``embedding[n, 256]``.

    Args:
        checkpoint: The shipped ``pretrained.pt``.
        target: Where the graph goes.

    Raises:
        ModelError: If the checkpoint is not the expected network.
    """
    try:
        model = _build(read_checkpoint(checkpoint))
    except KeyError as exc:
        raise ModelError(f"{checkpoint.name} does not hold {exc.args[0]}") from exc
    onnx.save(model, target)


def _build(tensors: Tensors) -> onnx.ModelProto:
    g = GraphBuilder()
    bands = g.op("MatMul", "spectra", g.constant("filters", mel_filters()))
    x = g.op("Transpose", bands, perm=[1, 0, 2])  # time first
    last = ""
    for layer in range(N_LAYERS):
        x, last = _lstm(g, x, layer, tensors)
    state = g.op("Squeeze", last, g.integers(0))
    weight = g.constant("linear.weight", tensors["linear.weight"])
    bias = g.constant("linear.bias", tensors["linear.bias"])
    rectified = g.op("Relu", g.op("Gemm", state, weight, bias, transB=1))
    g.op("LpNormalization", rectified, output="embedding", axis=-1, p=2)
    floats = TensorProto.FLOAT
    return g.model(
        "speakers",
        [helper.make_tensor_value_info("spectra", floats, ["n", "steps", N_BINS])],
        [helper.make_tensor_value_info("embedding", floats, ["n", WIDTH])],
    )


def _lstm(g: GraphBuilder, x: str, layer: int, tensors: Tensors) -> tuple[str, str]:
    """Add a layer; gives its output at every step, and its last state."""
    w_in, w_state, b_in, b_state = (_iofc(tensors[f"lstm.{kind}_l{layer}"]) for kind in _WEIGHTS)
    inputs = [
        g.constant(f"lstm{layer}.input", w_in[None]),
        g.constant(f"lstm{layer}.state", w_state[None]),
        g.constant(f"lstm{layer}.bias", np.concatenate([b_in, b_state])[None]),
    ]
    every, last = g.split("LSTM", x, *inputs, outputs=2, hidden_size=WIDTH)
    return g.op("Squeeze", every, g.integers(1)), last


def _iofc(gates: NDArray[np.float32]) -> NDArray[np.float32]:
    """Reorder the gates along the first axis: PyTorch has i, f, g, o and ONNX i, o, f, c.

    PyTorch's g is ONNX's c: what the cell may take in.
    """
    i, f, g, o = np.split(gates, 4)
    return np.concatenate([i, o, f, g])
