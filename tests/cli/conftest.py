"""A recording as users have them: a WAV file."""

import pytest

from processes import write_wav


@pytest.fixture(scope="session")
def speech_wav(recordings, tmp_path_factory):
    """Three seconds of real speech."""
    spoken = next(r for r in recordings if r.category == "read_en")
    path = tmp_path_factory.mktemp("speech") / "speech.wav"
    return write_wav(path, spoken.path, seconds=3)
