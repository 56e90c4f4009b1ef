"""The speaker encoder, for the tests that need it: fetched once a machine, loaded once a run."""

from pathlib import Path

import pytest

from crossfade.errors import ModelError
from crossfade.recognizers.onnx import fetch
from crossfade.recognizers.onnx.files import ModelFiles, prepare_speakers
from crossfade.recognizers.onnx.speakers.encoder import SpeakerEncoder


@pytest.fixture(scope="session")
def speaker_encoder(model_files: ModelFiles) -> SpeakerEncoder:
    try:
        prepare_speakers(model_files)
    except ModelError as exc:
        pytest.skip(f"the speaker encoder cannot be fetched: {exc}")
    return SpeakerEncoder(model_files.speakers)


@pytest.fixture(scope="session")
def speaker_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pinned wheel, mostly out of pip's cache."""
    try:
        return fetch.download(
            fetch.RESEMBLYZER, tmp_path_factory.mktemp("wheel"), lambda _done: None
        )
    except ModelError as exc:
        pytest.skip(f"the pinned wheel cannot be fetched: {exc}")
