"""A server in this process for both dialects, with a script or with the embedded recognizer."""

from contextlib import asynccontextmanager

import pytest

from both_voices import VOICES
from crossfade.recognizers.onnx import EmbeddedRecognizer
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.run import ServerConfig, running_server


@pytest.fixture(params=VOICES, ids=lambda voice: voice.name)
def voice(request):
    """A client of each dialect, one after the other."""
    return request.param


@pytest.fixture
def serve(tmp_path):
    """Start a server that lets everybody in; fields of ``ServerConfig`` by name."""

    @asynccontextmanager
    async def start(engine=None, **fields):
        fields = {"data_dir": tmp_path, "port": 0, "no_auth": True, "max_sessions": 64} | fields
        async with running_server(
            engine or ScriptedRecognizer(spoken("Good morning. Welcome aboard.")),
            data_dir=tmp_path,
            config=ServerConfig(**fields),
        ) as server:
            yield server

    return start


@pytest.fixture
def embedded(model_files):
    return EmbeddedRecognizer(model_files, n_threads=2)
