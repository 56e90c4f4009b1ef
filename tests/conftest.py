"""What tests of every floor share: recordings of real speech, and the model's files."""

import logging
import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings

import corpus
from crossfade.recognizers.onnx.files import ModelFiles, locate
from processes import KEY, RunningServer, serving

pytest_plugins = ["conformance_report"]

# A property holds on a busy machine too; and CI tries the same examples each time.
settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def log_levels() -> Iterator[None]:
    """Put back what a command that a test runs in this process has chosen for itself."""
    loggers = [logging.getLogger(name) for name in ("crossfade", "crossfade.client")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


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


@pytest.fixture(scope="session")
def live_server(
    model_files: ModelFiles, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A server with the embedded recognizer, in a process of its own, for all tests.

    Whatever they do to it, it logs no traceback.
    """
    with serving(tmp_path_factory.mktemp("data"), "--key", KEY, backend="local") as server:
        yield server
        _, log = server.stop()
        assert "Traceback" not in log
