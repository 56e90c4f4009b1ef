"""Reads the trained numbers out of the model files as they are shipped.

The shipped files are onnxruntime's own format; onnxruntime itself turns them back into ONNX,
and everything that the graphs of `crossfade.recognizers.onnx.graphs` need is found by name.
`onnx` is imported here, in ``blocks``, ``graphs`` and ``convert`` only: running needs none of it.
"""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper

from crossfade.errors import ModelError

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class QuantizedMatrix:
    """A matrix in 8 bits: ``(weights - zero_point) * scale``, one scale for the whole of it.

    Attributes:
        weights: Int8, shape (inputs, outputs).
        scale: Size of one step.
        zero_point: The int8 value that stands for 0.
        bias: Float32, shape (outputs,), or ``None``.
    """

    weights: NDArray[np.int8]
    scale: np.float32
    zero_point: np.int8
    bias: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True, eq=False)
class ShippedWeights:
    """Everything trained in one shipped graph.

    Attributes:
        tensors: Initialisers by name, as they are stored.
        matrices: Quantised products by the name of their node.
        final_norm: Name of the weight of the graph's first fused residual and norm, which in
            the encoder is the only one and stands after the last layer; ``None`` if none is.
    """

    tensors: Mapping[str, Array]
    matrices: Mapping[str, QuantizedMatrix]
    final_norm: str | None


def read_encoder(path: Path) -> ShippedWeights:
    """Read ``encoder_model.ort``.

    Raises:
        ModelError: If onnxruntime cannot load it.
    """
    graph = _as_onnx(path).graph
    return _weights(graph.node, graph.initializer)


def read_decoder(path: Path) -> ShippedWeights:
    """Read ``decoder_model_merged.ort``.

    The file holds two decoders behind one ``If``. The else branch, which runs without a cache,
    names every matrix; what both branches share lies in the graph around them.

    Raises:
        ModelError: If onnxruntime cannot load it or it holds no such branch.
    """
    graph = _as_onnx(path).graph
    branches = [
        attribute.g
        for node in graph.node
        if node.op_type == "If"
        for attribute in node.attribute
        if attribute.name == "else_branch"
    ]
    if len(branches) != 1:
        raise ModelError(f"{path.name} does not hold the decoder that was expected")
    # The branch's own tensors come last: they win over the outer ones of the same name.
    return _weights(branches[0].node, [*graph.initializer, *branches[0].initializer])


def _as_onnx(path: Path) -> onnx.ModelProto:
    """Let onnxruntime write its own format as ONNX again, without touching the graph."""
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory) / "model.onnx"
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.optimized_model_filepath = str(target)
        options.add_session_config_entry("session.save_model_format", "ONNX")
        try:
            onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as exc:  # onnxruntime's own exceptions share no base of their own
            raise ModelError(f"onnxruntime cannot read {path.name}") from exc
        return onnx.load(target)


def _weights(
    nodes: Iterable[onnx.NodeProto], initializers: Iterable[onnx.TensorProto]
) -> ShippedWeights:
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in initializers}
    matrices: dict[str, QuantizedMatrix] = {}
    final_norm = None
    for node in nodes:
        match node.op_type:
            case "DynamicQuantizeMatMul":
                weights, scale, zero_point = node.input[1:4]
                bias = tensors[node.input[4]] if len(node.input) > 4 and node.input[4] else None
            case "MatMulIntegerToFloat":
                weights, scale, zero_point = node.input[1], node.input[3], node.input[5]
                bias = None
            case "SkipLayerNormalization":
                final_norm = final_norm or node.input[2]
                continue
            case _:
                continue
        matrices[node.name] = _signed(tensors[weights], tensors[scale], tensors[zero_point], bias)
    return ShippedWeights(tensors, matrices, final_norm)


def _signed(weights: Array, scale: Array, zero_point: Array, bias: Array | None) -> QuantizedMatrix:
    """Turn unsigned weights into signed ones. Exact: weights and zero point move together.

    Signed weights times unsigned activations is what the processors' byte instructions
    multiply; unsigned times unsigned has no such path (encoder 31 -> 19 ms for 5 s of speech).
    """
    return QuantizedMatrix(
        weights=(weights.astype(np.int16) - 128).astype(np.int8),
        scale=np.float32(scale.item()),
        zero_point=np.int8(int(zero_point.item()) - 128),
        bias=None if bias is None else bias.astype(np.float32),
    )
