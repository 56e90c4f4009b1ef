"""Turns the shipped model files into the three graphs that the engine runs.

Done once a machine, in about a second; see `crossfade.recognizers.onnx.files`. Besides
``weights``, ``blocks`` and ``graphs``, which it ties together, nothing imports `onnx`.
"""

from pathlib import Path

import onnx

from crossfade.recognizers.onnx.files import ModelFiles
from crossfade.recognizers.onnx.graphs import build_decoder, build_encoder, build_frontend
from crossfade.recognizers.onnx.weights import read_decoder, read_encoder


def convert(*, encoder: Path, decoder: Path, files: ModelFiles) -> None:
    """Write the three graphs.

    Args:
        encoder: The shipped ``encoder_model.ort``.
        decoder: The shipped ``decoder_model_merged.ort``.
        files: Where the graphs go; the directory exists.

    Raises:
        ModelError: If the shipped files are not the expected model.
    """
    encoder_weights = read_encoder(encoder)
    decoder_weights = read_decoder(decoder)
    onnx.save(build_frontend(encoder_weights), files.frontend)
    onnx.save(build_encoder(encoder_weights, decoder_weights), files.encoder)
    onnx.save(build_decoder(decoder_weights), files.decoder)
