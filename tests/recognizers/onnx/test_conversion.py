"""The converted graphs against the shipped ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from rapidfuzz.distance import Levenshtein

from corpus import Recording
from crossfade.audio import Samples
from crossfade.errors import ModelError
from crossfade.recognizers.onnx import fetch
from crossfade.recognizers.onnx.convert import convert
from crossfade.recognizers.onnx.files import ModelFiles
from crossfade.recognizers.onnx.model import Moonshine
from crossfade.recognizers.onnx.tokens import BOS, EOS

pytestmark = pytest.mark.model

CLIPS = [
    "lj-LJ001-0020",
    "ls-61-70968-0000",
    "vctk-p286_010",
    "vctk-p314_036",
    "vctk-p345_009",
    "brooklyn-bridge",
]


class ShippedModel:
    """Greedy decoding with the graphs as they are shipped, whole again for every token."""

    def __init__(self, directory: Path) -> None:
        self._encoder = onnxruntime.InferenceSession(directory / fetch.ENCODER.name)
        self._decoder = onnxruntime.InferenceSession(directory / fetch.DECODER.name)

    def tokens(self, samples: Samples, *, limit: int = 80) -> tuple[int, ...]:
        mask = np.ones((1, samples.size), np.int64)
        states = self._encoder.run(None, {"input_values": samples[None], "attention_mask": mask})[0]
        feeds = {
            value.name: np.zeros((1, 8, 0, 36), np.float32)
            for value in self._decoder.get_inputs()
            if value.name.startswith("past_key_values")
        }
        feeds |= {
            "encoder_hidden_states": states,
            "encoder_attention_mask": mask,
            "use_cache_branch": np.array([False]),
        }
        tokens = [BOS]
        while tokens[-1] != EOS and len(tokens) < limit:
            logits = self._decoder.run(["logits"], feeds | {"input_ids": np.array([tokens])})[0]
            tokens.append(int(logits[0, -1].argmax()))
        return tuple(token for token in tokens if token not in (BOS, EOS))


@pytest.fixture(scope="module")
def shipped_files(shipped_wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shipped")
    wheel = next(shipped_wheels.glob("moonshine_voice-*"))
    fetch.unpack(wheel, fetch.MOONSHINE, directory)
    return directory


@pytest.fixture(scope="module")
def converted(shipped_files: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    files = ModelFiles(tmp_path_factory.mktemp("converted"))
    convert(
        encoder=shipped_files / fetch.ENCODER.name,
        decoder=shipped_files / fetch.DECODER.name,
        files=files,
    )
    files.tokenizer.write_bytes((shipped_files / fetch.TOKENIZER.name).read_bytes())
    return files


def test_the_converted_model_writes_the_tokens_of_the_shipped_one(
    shipped_files: Path, converted: ModelFiles, recording: Callable[[str], Recording]
) -> None:
    shipped, ours = ShippedModel(shipped_files), Moonshine(converted)
    differing = n_tokens = 0
    for name in CLIPS:
        samples = recording(name).samples()
        expected = shipped.tokens(samples)
        decoding = ours.decode(ours.encode_samples(samples), max_tokens=80)
        differing += Levenshtein.distance(decoding.tokens, expected)
        n_tokens += len(expected)
    assert n_tokens > 60
    # Both quantise their activations, each over other groups of rows, so a near-tie may fall the
    # other way. A graph with one wrong number gets nearly every token wrong.
    assert differing <= 0.05 * n_tokens


def test_the_graphs_avoid_the_slow_fused_norm(converted: ModelFiles) -> None:
    kinds = {
        node.op_type
        for path in (converted.frontend, converted.encoder, converted.decoder)
        for node in onnx.load(path).graph.node
    }
    assert "LayerNormalization" in kinds
    assert "SkipLayerNormalization" not in kinds


def test_the_decoder_gives_distributions_over_the_audio(converted: ModelFiles) -> None:
    model = Moonshine(converted)
    rng = np.random.default_rng(5)
    cross_kv = model.encode_samples(rng.standard_normal(32000).astype(np.float32) / 10)
    decoding = model.decode(cross_kv, forced=[306, 437, 372], max_tokens=3)
    assert decoding.attention.shape == (4, 3, cross_kv.n_frames)
    np.testing.assert_allclose(decoding.attention.sum(axis=2), 1, atol=1e-4)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "encoder_model.ort"
    broken.write_bytes(b"not a model" * 100)
    with pytest.raises(ModelError, match=r"encoder_model\.ort"):
        convert(encoder=broken, decoder=broken, files=ModelFiles(tmp_path))


def test_the_shipped_encoder_is_not_taken_for_the_decoder(
    shipped_files: Path, tmp_path: Path
) -> None:
    encoder = shipped_files / fetch.ENCODER.name
    with pytest.raises(ModelError, match="decoder"):
        convert(encoder=encoder, decoder=encoder, files=ModelFiles(tmp_path))
    assert not list(tmp_path.glob("*.onnx"))
