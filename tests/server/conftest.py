"""A real server on a free port, with a script instead of a model."""

from contextlib import asynccontextmanager

import pytest

from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.keys import Keyring
from crossfade.server.limits import Patience
from crossfade.server.run import ServerConfig, running_server
from plain_dialect import PLAIN


@pytest.fixture
def recognizer():
    return ScriptedRecognizer(spoken("Good morning. Welcome aboard."))


@pytest.fixture
def keyring(tmp_path):
    return Keyring(tmp_path / "keys.json", run_keys=["sesame"])


@pytest.fixture
def serve(tmp_path, recognizer):
    """Start a server; ``patience`` and ``config`` fields by name, no keyring means no auth."""

    @asynccontextmanager
    async def start(*, engine=None, keyring=None, dialects=(PLAIN,), patience=None, **fields):
        config = ServerConfig(
            data_dir=tmp_path,
            port=0,
            no_auth=keyring is None,
            patience=Patience(**(patience or {})),
            **fields,
        )
        async with running_server(
            engine or recognizer,
            data_dir=tmp_path,
            keyring=keyring,
            config=config,
            dialects=dialects,
        ) as server:
            yield server

    return start
