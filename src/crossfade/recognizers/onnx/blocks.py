"""The building blocks of the network, as ONNX nodes.

Every block takes the names of what flows into it and gives the name of what flows out.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from crossfade.recognizers.onnx.weights import Array, QuantizedMatrix, ShippedWeights

N_HEADS = 8
HEAD_WIDTH = 36
WIDTH = N_HEADS * HEAD_WIDTH
CONTRIB = "com.microsoft"
"""Where onnxruntime's own operators live."""

_ATTENTION_SCALE = 1 / 6
ATTENTION: dict[str, Any] = {"domain": CONTRIB, "num_heads": N_HEADS, "scale": _ATTENTION_SCALE}
"""Attributes of every fused attention."""

_NORM_EPSILON = 1e-5
_ROTARY_WIDTH = 32
"""Of the 36 dimensions of a head; in interleaved pairs."""
_POSITIONS = 2048
"""Length of the rotary tables: 49 s of audio. The engine never passes more than 30 s."""
_OPSET = 18
_IR_VERSION = 10

Matrices = Callable[[str], QuantizedMatrix]
"""Finds a layer's matrix by the name that it has inside the layer."""


class GraphBuilder:
    """Collects nodes and constants, and hands out names for what flows between them."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, values: Array) -> str:
        """Store an array under a name; the first array of a name stays."""
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def integers(self, *values: int) -> str:
        """Store int64 numbers, shape (len(values),)."""
        return self.constant(f"i{'_'.join(map(str, values))}", np.array(values, np.int64))

    def op(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Add a node with one output; gives the output's name."""
        return self.split(kind, *inputs, outputs=[output or self._fresh(kind)], **attributes)[0]

    def split(
        self, kind: str, *inputs: str, outputs: Sequence[str] | int, **attributes: Any
    ) -> list[str]:
        """Add a node with several outputs, named or counted; gives their names."""
        if isinstance(outputs, int):
            outputs = [f"{self._fresh(kind)}_{index}" for index in range(outputs)]
        self._nodes.append(
            helper.make_node(
                kind, list(inputs), list(outputs), name=self._fresh(kind), **attributes
            )
        )
        return list(outputs)

    def model(
        self,
        name: str,
        inputs: Sequence[onnx.ValueInfoProto],
        outputs: Sequence[onnx.ValueInfoProto],
    ) -> onnx.ModelProto:
        """Close the graph."""
        graph = helper.make_graph(
            self._nodes, name, inputs, outputs, list(self._constants.values())
        )
        return helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(CONTRIB, 1)],
            ir_version=_IR_VERSION,
            producer_name="crossfade",
        )

    def _fresh(self, kind: str) -> str:
        return f"n{len(self._nodes)}_{kind}"


def matrices_of(weights: ShippedWeights, layer: str) -> Matrices:
    """Look matrices of one layer up; ``layer`` is how their nodes' names begin."""
    return lambda name: weights.matrices[f"{layer}/{name}/MatMul_quant"]


def product(
    g: GraphBuilder,
    x: str,
    name: str,
    matrices: Sequence[QuantizedMatrix],
    *,
    output: str | None = None,
) -> str:
    """Multiply by one or more matrices at once; the results stand side by side.

    Several matrices keep their own scale and zero point, column by column.
    """
    inputs = [
        g.constant(f"{name}.weights", np.concatenate([m.weights for m in matrices], axis=1)),
        g.constant(f"{name}.scale", _per_column([m.scale for m in matrices], matrices)),
        g.constant(f"{name}.zero_point", _per_column([m.zero_point for m in matrices], matrices)),
    ]
    biases = [m.bias for m in matrices if m.bias is not None]
    if biases:
        inputs.append(g.constant(f"{name}.bias", np.concatenate(biases)))
    return g.op("DynamicQuantizeMatMul", x, *inputs, output=output, domain=CONTRIB)


def _per_column(values: Sequence[np.generic], matrices: Sequence[QuantizedMatrix]) -> Array:
    """Repeat each matrix's value for its columns; a single matrix keeps a scalar."""
    if len(matrices) == 1:
        return np.array(values[0])
    return np.repeat(np.array(values), [m.weights.shape[1] for m in matrices])


def add_and_norm(
    g: GraphBuilder, x: str, update: str | None, name: str, weight: Array
) -> tuple[str, str]:
    """Add what the last block found and normalise; gives the normalised and the plain sum.

    Two nodes, not the fused SkipLayerNormalization: its CPU kernel is not vectorised and takes
    270 us where these take 37.
    """
    total = x if update is None else g.op("Add", x, update)
    zero = g.constant("norm.bias", np.zeros(WIDTH, np.float32))
    scale = g.constant(name, weight)
    normed = g.op("LayerNormalization", total, scale, zero, epsilon=_NORM_EPSILON, axis=-1)
    return normed, total


def rotated_qkv(g: GraphBuilder, x: str, name: str, matrix: Matrices, positions: str) -> list[str]:
    """Queries, keys and values by one product; the first two turned by their position."""
    projected = product(g, x, name, [matrix(f"self_attn/{kind}_proj") for kind in "qkv"])
    query, key, value = g.split("Split", projected, outputs=3, axis=-1, num_outputs=3)
    return [_rotated(g, query, positions), _rotated(g, key, positions), value]


def _rotated(g: GraphBuilder, x: str, positions: str) -> str:
    frequencies = 10000.0 ** -(np.arange(0, _ROTARY_WIDTH, 2) / _ROTARY_WIDTH)
    angles = np.arange(_POSITIONS)[:, None] * frequencies
    return g.op(
        "RotaryEmbedding",
        x,
        positions,
        g.constant("cosines", np.cos(angles).astype(np.float32)),
        g.constant("sines", np.sin(angles).astype(np.float32)),
        domain=CONTRIB,
        interleaved=1,
        num_heads=N_HEADS,
        rotary_embedding_dim=_ROTARY_WIDTH,
    )


def causal_attention(g: GraphBuilder, qkv: Sequence[str], layer: int) -> str:
    """Self-attention over what was cached and what is new; leaves the grown cache."""
    no_bias_or_mask = ("", "", "")
    past = (f"past_k{layer}", f"past_v{layer}")
    present = (f"present_k{layer}", f"present_v{layer}")
    return g.split(
        "MultiHeadAttention",
        *qkv,
        *no_bias_or_mask,
        *past,
        outputs=[f"{layer}.attended", *present],
        unidirectional=1,
        **ATTENTION,
    )[0]


def cross_attention(g: GraphBuilder, x: str, layer: int, matrix: Matrices) -> tuple[str, str]:
    """Attend to the audio; gives the result and the weights [1, 8, n, T].

    Spelled out, because the fused operator does not give its weights away.
    """
    query = product(g, x, f"{layer}.cross_q", [matrix("encoder_attn/q_proj")])
    query = g.op("Reshape", query, g.integers(0, 0, N_HEADS, HEAD_WIDTH))
    query = g.op("Transpose", query, perm=[0, 2, 1, 3])
    scores = g.op(
        "FusedMatMul", query, f"ck{layer}", domain=CONTRIB, transB=1, alpha=_ATTENTION_SCALE
    )
    weights = g.op("Softmax", scores, axis=-1)
    heads = g.op("Transpose", g.op("MatMul", weights, f"cv{layer}"), perm=[0, 2, 1, 3])
    heads = g.op("Reshape", heads, g.integers(0, 0, WIDTH))
    return product(g, heads, f"{layer}.cross_o", [matrix("encoder_attn/o_proj")]), weights


def feed_forward(g: GraphBuilder, x: str, name: str, matrix: Matrices) -> str:
    """``fc2(gelu(fc1))``."""
    hidden = product(g, x, f"{name}.fc1", [matrix("mlp/fc1")])
    hidden = g.op("Gelu", hidden, domain=CONTRIB)
    return product(g, hidden, f"{name}.fc2", [matrix("mlp/fc2")])


def gated_feed_forward(g: GraphBuilder, x: str, name: str, matrix: Matrices) -> str:
    """``fc2(first_half * silu(second_half))``; QuickGelu with alpha 1 is silu."""
    hidden = product(g, x, f"{name}.fc1", [matrix("mlp/fc1")])
    signal, gate = g.split("Split", hidden, outputs=2, axis=-1, num_outputs=2)
    gate = g.op("QuickGelu", gate, domain=CONTRIB, alpha=1.0)
    return product(g, g.op("Mul", gate, signal), f"{name}.fc2", [matrix("mlp/fc2")])


def positions_from(g: GraphBuilder, start: str, n: str) -> str:
    """``start`` to ``start + n - 1``, shape [1, n]."""
    numbers = g.op("Range", start, g.op("Add", start, n), scalar(g, 1))
    return g.op("Unsqueeze", numbers, g.integers(0))


def length(g: GraphBuilder, x: str, *, axis: int) -> str:
    """Size of one axis, as a scalar."""
    return g.op("Squeeze", g.op("Shape", x, start=axis, end=axis + 1))


def scalar(g: GraphBuilder, value: int) -> str:
    """Store a whole number without dimensions."""
    return g.constant(f"scalar{value}", np.array(value, np.int64))


def float_value(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    """Declare a float32 input or output."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
