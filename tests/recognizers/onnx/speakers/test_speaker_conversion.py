"""The converted speaker network against its definition, and how it gets onto a machine."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from corpus import Recording
from crossfade.errors import ModelError
from crossfade.recognizers.onnx import fetch, install
from crossfade.recognizers.onnx.files import (
    ModelFiles,
    export_wheel,
    locate,
    prepare_speakers,
    verify,
    write_manifest,
)
from crossfade.recognizers.onnx.speakers.checkpoint import Tensors, read_checkpoint
from crossfade.recognizers.onnx.speakers.convert import convert
from crossfade.recognizers.onnx.speakers.encoder import SpeakerEncoder
from crossfade.recognizers.onnx.speakers.features import mel_filters, power_spectra

NAMES = ("frontend.onnx", "encoder.onnx", "decoder.onnx", "tokenizer.bin", "silero_vad_v6.onnx")


@pytest.fixture(scope="module")
def checkpoint(speaker_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shipped")
    fetch.unpack(speaker_wheel, fetch.RESEMBLYZER, directory)
    return directory / fetch.SPEAKERS.name


def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-x))


def by_definition(spectra: NDArray[np.float32], tensors: Tensors) -> NDArray[np.float64]:
    """The network as PyTorch's documentation writes it down: gates in the order i, f, g, o."""
    outputs = list((spectra @ mel_filters()).astype(np.float64))
    for layer in range(3):
        w_in, w_state = (tensors[f"lstm.weight_{kind}_l{layer}"] for kind in ("ih", "hh"))
        bias = tensors[f"lstm.bias_ih_l{layer}"] + tensors[f"lstm.bias_hh_l{layer}"]
        inputs, outputs = outputs, []
        state = cell = np.zeros(256)
        for x in inputs:
            i, f, g, o = np.split(w_in @ x + w_state @ state + bias, 4)
            cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
            state = sigmoid(o) * np.tanh(cell)
            outputs.append(state)
    raw = np.maximum(tensors["linear.weight"] @ outputs[-1] + tensors["linear.bias"], 0.0)
    return raw / np.linalg.norm(raw)


@pytest.mark.model
def test_the_graph_computes_what_the_network_is_defined_to_be(
    checkpoint: Path, tmp_path: Path, recordings: tuple[Recording, ...]
) -> None:
    convert(checkpoint, tmp_path / "speakers.onnx")
    encoder = SpeakerEncoder(tmp_path / "speakers.onnx")
    tensors = read_checkpoint(checkpoint)
    for samples in (recordings[0].samples()[8_000:33_600], recordings[1].samples()[:9_600]):
        expected = by_definition(power_spectra(samples), tensors)
        assert encoder.embed(samples) == pytest.approx(expected, abs=1e-5)


@pytest.mark.model
def test_a_network_with_other_gates_is_noticed(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crossfade.recognizers.onnx.speakers.convert._iofc", lambda gates: gates)
    convert(checkpoint, tmp_path / "speakers.onnx")
    with pytest.raises(ModelError, match="does not hear what it should"):
        install.check_speakers(tmp_path / "speakers.onnx")


@pytest.fixture
def model(tmp_path: Path) -> ModelFiles:
    """What only its manifest takes for a model, without a speaker encoder."""
    files = ModelFiles(tmp_path / "model")
    files.directory.mkdir()
    for name in NAMES:
        (files.directory / name).write_bytes(name.encode() * 100)
    write_manifest(files)
    return files


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))


@pytest.mark.model
@pytest.mark.usefixtures("no_network")
def test_the_encoder_joins_a_model_that_is_there(
    model: ModelFiles, speaker_wheel: Path, tmp_path: Path
) -> None:
    assert not model.has_speakers
    told: list[tuple[str, float]] = []
    wheel = speaker_wheel.with_name("the-recognizers-own.whl")
    prepare_speakers(model, wheel=wheel, report=lambda step, done: told.append((step, done)))
    assert model.has_speakers
    assert verify(model) == []
    assert locate(model.directory) == model
    assert [done for _, done in told] == sorted(done for _, done in told)
    assert told[-1][1] == 1.0
    assert {path.name for path in tmp_path.iterdir()} == {"model", ".model.lock"}
    told.clear()
    prepare_speakers(model, report=lambda step, done: told.append((step, done)))
    assert not told  # what is there is not fetched
    with zipfile.ZipFile(export_wheel(model, tmp_path)) as archive:
        names = {Path(name).name for name in archive.namelist()}
        metadata = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        assert b"License-Expression: MIT AND Apache-2.0\n" in archive.read(metadata)
    assert {"speakers.onnx", "resemblyzer.txt", "moonshine.txt"} <= names


@pytest.mark.usefixtures("no_network")
def test_without_a_network_the_model_stays_as_it_was(model: ModelFiles) -> None:
    before = {path.name: path.read_bytes() for path in model.directory.iterdir()}
    with pytest.raises(ModelError, match=r"resemblyzer.*could not be fetched"):
        prepare_speakers(model)
    assert {path.name: path.read_bytes() for path in model.directory.iterdir()} == before
    assert not model.has_speakers


def test_a_damaged_encoder_is_noticed_at_every_start(model: ModelFiles) -> None:
    model.speakers.write_bytes(b"voices")
    write_manifest(model)
    assert model.has_speakers
    model.speakers.write_bytes(b"noise")
    with pytest.raises(ModelError, match=r"speakers\.onnx is damaged.*models pull"):
        locate(model.directory)
