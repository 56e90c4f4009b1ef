"""What tests of every floor share: recordings of real speech, and the model's files."""

from collections.abc import Callable

import pytest

import corpus
from crossfade.recognizers.onnx.files import ModelFiles, locate


@pytest.fixture(scope="session")
def recordings() -> tuple[corpus.Recording, ...]:
    """All recordings that the project carries."""
    return corpus.load(corpus.CARRIED)


@pytest.fixture(scope="session")
def recording(
    recordings: tuple[corpus.Recording, ...],
) -> Callable[[str], corpus.Recording]:
    """Find one of them by its id."""
    by_id = {entry.id: entry for entry in recordings}
    return by_id.__getitem__


@pytest.fixture(scope="session")
def shared_speech() -> tuple[corpus.Recording, ...]:
    """The larger set beside the checkout; mark tests that use it with ``speech``."""
    if not (corpus.SHARED / "manifest.jsonl").exists():
        pytest.skip("the larger set of recordings (../shared/speech) is not here")
    return corpus.load(corpus.SHARED)


@pytest.fixture(scope="session")
def model_files() -> ModelFiles:
    """The embedded recognizer's files; mark tests that use them with ``model``."""
    files = locate()
    if files is None:
        pytest.skip("the model is not on this machine: crossfade models pull")
    return files
