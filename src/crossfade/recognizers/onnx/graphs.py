"""The network as three plain ONNX graphs, built around the shipped weights.

The shipped graphs compute the same numbers in 1480 nodes; these need about 270 and half the
time. What each graph takes and gives is said by its function. Names of inputs and outputs are
the contract with `crossfade.recognizers.onnx.model`.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper

from crossfade.errors import ModelError
from crossfade.recognizers.onnx.blocks import (
    ATTENTION,
    CONTRIB,
    HEAD_WIDTH,
    N_HEADS,
    WIDTH,
    GraphBuilder,
    add_and_norm,
    causal_attention,
    cross_attention,
    feed_forward,
    float_value,
    gated_feed_forward,
    length,
    matrices_of,
    positions_from,
    product,
    rotated_qkv,
    scalar,
)
from crossfade.recognizers.onnx.weights import Array, QuantizedMatrix, ShippedWeights

_N_LAYERS = 6
_CHANNELS = 576
_TO_THE_END = 1 << 40
_VOCABULARY = 32768
_ALIGNMENT_HEADS = {3: (7,), 4: (7,), 5: (2, 6)}
"""Heads by layer whose cross-attention follows the speech best (chosen on held-out clips)."""
_CROSS_NAMES = [f"c{kind}{layer}" for layer in range(_N_LAYERS) for kind in "kv"]


def build_frontend(encoder: ShippedWeights) -> onnx.ModelProto:
    """Build the part of the encoder that sees the samples, up to the second convolution.

    ``audio`` [1, N] -> ``A`` [1, 576, n2] (second convolution, not yet normalised) and ``s1``,
    ``s2`` [1, n1] (sum and sum of squares over the channels of each frame of the first one).

    The GroupNorm between the two convolutions needs the mean and variance of the whole buffer.
    Its gain is folded into the second convolution here; the rest, which is linear, is done by
    the encoder graph. So nothing in this graph depends on audio further away than a kernel,
    and its results can be kept while a buffer grows.
    """
    g = GraphBuilder()
    gain, _ = _group_norm(encoder)
    x = g.op("Unsqueeze", "audio", g.integers(1))
    first = g.constant("conv1.weight", encoder.tensors["conv1.weight_add_tensor"])
    x = g.op("Conv", x, first, kernel_shape=[127], strides=[64])
    x = g.op("Tanh", x)
    g.op("ReduceSum", x, g.integers(1), output="s1", keepdims=0)
    g.op("ReduceSumSquare", x, g.integers(1), output="s2", keepdims=0)
    second = g.constant("conv2.weight", encoder.tensors["conv2.weight_add_tensor"] * gain)
    g.op("Conv", x, second, output="A", kernel_shape=[7], strides=[3])
    return g.model(
        "frontend",
        [float_value("audio", 1, "N")],
        [
            float_value("A", 1, _CHANNELS, "n2"),
            float_value("s1", 1, "n1"),
            float_value("s2", 1, "n1"),
        ],
    )


def build_encoder(encoder: ShippedWeights, decoder: ShippedWeights) -> onnx.ModelProto:
    """Build the rest of the encoder and the decoder's view of it.

    ``A`` [1, 576, n2], ``mu`` [1] and ``rstd`` [1] (mean and reciprocal standard deviation of
    the first convolution over the buffer) -> ``ck0``, ``cv0`` ... ``ck5``, ``cv5``
    [1, 8, T, 36], the keys and values of every decoder layer's cross-attention.
    """
    g = GraphBuilder()
    x = _convolutions(g, encoder)
    positions = positions_from(g, scalar(g, 0), length(g, x, axis=1))
    update: str | None = None
    for layer in range(_N_LAYERS):
        names = f"layers.{layer}"
        matrix = matrices_of(encoder, f"/{names}")
        norm = encoder.tensors[f"{names}.input_layernorm.weight"]
        normed, x = add_and_norm(g, x, update, f"{layer}.norm1", norm)
        query, key, value = rotated_qkv(g, normed, f"{layer}.qkv", matrix, positions)
        heads = g.op("MultiHeadAttention", query, key, value, **ATTENTION)
        attended = product(g, heads, f"{layer}.o", [matrix("self_attn/o_proj")])
        norm = encoder.tensors[f"{names}.post_attention_layernorm.weight"]
        normed, x = add_and_norm(g, x, attended, f"{layer}.norm2", norm)
        update = feed_forward(g, normed, str(layer), matrix)
    normed, _ = add_and_norm(g, x, update, "norm", _encoder_norm(encoder))
    _cross_keys_and_values(g, normed, decoder)
    return g.model(
        "encoder",
        [float_value("A", 1, _CHANNELS, "n2"), float_value("mu", 1), float_value("rstd", 1)],
        [float_value(name, 1, N_HEADS, "T", HEAD_WIDTH) for name in _CROSS_NAMES],
    )


def build_decoder(decoder: ShippedWeights) -> onnx.ModelProto:
    """Build the decoder: one graph for a first pass, for checking a draft and for single steps.

    ``input_ids`` [1, n], ``first`` [1], ``ck*``, ``cv*`` [1, 8, T, 36], ``past_k*``, ``past_v*``
    [1, 8, P, 36] -> ``logits`` [1, n - first, 32768], ``present_k*``, ``present_v*``
    [1, 8, P + n, 36], ``xattn`` [1, 4, n, T]: where each token looked in the audio, by the four
    heads that follow it best. The tokens stand at positions P to P + n - 1. What follows those
    before ``first`` is known, and the product onto the vocabulary is a third of a long pass.
    """
    g = GraphBuilder()
    x = _embedding(g, decoder)
    positions = positions_from(g, length(g, "past_k0", axis=2), length(g, "input_ids", axis=1))
    update: str | None = None
    looked: list[str] = []
    for layer in range(_N_LAYERS):
        names = f"model.decoder.layers.{layer}"
        matrix = matrices_of(decoder, f"/model/decoder/layers.{layer}")
        norm = decoder.tensors[f"{names}.input_layernorm.weight_merged_0"]
        normed, x = add_and_norm(g, x, update, f"{layer}.norm1", norm)
        qkv = rotated_qkv(g, normed, f"{layer}.qkv", matrix, positions)
        heads = causal_attention(g, qkv, layer)
        attended = product(g, heads, f"{layer}.o", [matrix("self_attn/o_proj")])
        norm = decoder.tensors[f"{names}.post_attention_layernorm.weight_merged_0"]
        normed, x = add_and_norm(g, x, attended, f"{layer}.norm2", norm)
        attended, weights = cross_attention(g, normed, layer, matrix)
        if layer in _ALIGNMENT_HEADS:
            looked.append(g.op("Gather", weights, g.integers(*_ALIGNMENT_HEADS[layer]), axis=1))
        norm = decoder.tensors[f"{names}.final_layernorm.weight_merged_0"]
        normed, x = add_and_norm(g, x, attended, f"{layer}.norm3", norm)
        update = gated_feed_forward(g, normed, str(layer), matrix)
    norm = decoder.tensors["model.decoder.norm.weight_merged_0"]
    normed, _ = add_and_norm(g, x, update, "norm", norm)
    asked = g.op("Slice", normed, "first", g.integers(_TO_THE_END), g.integers(1))
    product(g, asked, "vocabulary", [_vocabulary_matrix(decoder)], output="logits")
    g.op("Concat", *looked, output="xattn", axis=1)
    return g.model("decoder", _decoder_inputs(), _decoder_outputs())


def _convolutions(g: GraphBuilder, encoder: ShippedWeights) -> str:
    """Finish the GroupNorm, then the second half of the convolutions: [1, T, 288].

    ``conv2(gain * (x - mu) * rstd + offset) + bias`` is ``(A - mu * G) * rstd + B`` with two
    constants, because a convolution is linear and every frame of ``A`` sees whole kernels.
    """
    gain, offset = _group_norm(encoder)
    kernel = encoder.tensors["conv2.weight_add_tensor"]
    gain_sum = (kernel * gain).sum((1, 2))
    offset_sum = (kernel * offset).sum((1, 2)) + encoder.tensors["conv2.bias"]
    mean = g.op("Mul", g.constant("G", _column(gain_sum)), "mu")
    x = g.op("Mul", g.op("Sub", "A", mean), "rstd")
    x = g.op("Add", x, g.constant("B", _column(offset_sum)))
    x = g.op("Gelu", x, domain=CONTRIB)
    weight = g.constant("conv3.weight", encoder.tensors["conv3.weight_add_tensor"])
    bias = g.constant("conv3.bias", encoder.tensors["conv3.bias"])
    x = g.op("Conv", x, weight, bias, kernel_shape=[3], strides=[2])
    x = g.op("Gelu", x, domain=CONTRIB)
    return g.op("Transpose", x, perm=[0, 2, 1])


def _group_norm(encoder: ShippedWeights) -> tuple[Array, Array]:
    """Gain and offset of the GroupNorm, each [1, 288, 1]. The exporter left them no better name."""
    gain, offset = encoder.tensors["onnx::Mul_2080"], encoder.tensors["onnx::Add_2081"]
    return gain.reshape(1, -1, 1), offset.reshape(1, -1, 1)


def _encoder_norm(encoder: ShippedWeights) -> Array:
    if encoder.final_norm is None:
        raise ModelError("the encoder's last norm was not found in the shipped model")
    return encoder.tensors[encoder.final_norm]


def _embedding(g: GraphBuilder, decoder: ShippedWeights) -> str:
    """Look the tokens up in the quantised table: [1, n, 288]."""
    name = "model.decoder.embed_tokens.weight_merged_0"
    parts = {
        part: g.constant(f"embedding.{part}", decoder.tensors[f"{name}_{part}"])
        for part in ("quantized", "scale", "zero_point")
    }
    rows = g.op("Gather", parts["quantized"], "input_ids")
    return g.op("DequantizeLinear", rows, parts["scale"], parts["zero_point"])


def _vocabulary_matrix(decoder: ShippedWeights) -> QuantizedMatrix:
    """Find the matrix from states to tokens: the only one of its shape."""
    found = [m for m in decoder.matrices.values() if m.weights.shape == (WIDTH, _VOCABULARY)]
    if len(found) != 1:
        raise ModelError("the matrix onto the vocabulary was not found in the shipped model")
    return found[0]


def _cross_keys_and_values(g: GraphBuilder, x: str, decoder: ShippedWeights) -> None:
    """All layers' keys and values by one product, split so that the decoder copies nothing."""
    matrices = [
        matrices_of(decoder, f"/model/decoder/layers.{layer}")(f"encoder_attn/{kind}_proj")
        for layer in range(_N_LAYERS)
        for kind in "kv"
    ]
    x = product(g, x, "cross_kv", matrices)
    x = g.op("Reshape", x, g.integers(0, 0, len(_CROSS_NAMES) * N_HEADS, HEAD_WIDTH))
    x = g.op("Transpose", x, perm=[0, 2, 1, 3])
    g.split("Split", x, outputs=_CROSS_NAMES, axis=1, num_outputs=len(_CROSS_NAMES))


def _column(values: Array) -> Array:
    return values.reshape(1, -1, 1).astype(np.float32)


def _decoder_inputs() -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "n"]),
        helper.make_tensor_value_info("first", TensorProto.INT64, [1]),
        *(float_value(name, 1, N_HEADS, "T", HEAD_WIDTH) for name in _CROSS_NAMES),
        *(float_value(name, 1, N_HEADS, "P", HEAD_WIDTH) for name in _cache_names("past")),
    ]


def _decoder_outputs() -> list[onnx.ValueInfoProto]:
    return [
        float_value("logits", 1, "n - first", _VOCABULARY),
        *(float_value(name, 1, N_HEADS, "P + n", HEAD_WIDTH) for name in _cache_names("present")),
        float_value("xattn", 1, sum(map(len, _ALIGNMENT_HEADS.values())), "n", "T"),
    ]


def _cache_names(time: str) -> list[str]:
    return [f"{time}_{kind}{layer}" for layer in range(_N_LAYERS) for kind in "kv"]
